"""Whether a head is that person's, on held-out rendered people."""

from benchmarks import identity
from benchmarks.measures.identity import IDENTITY_REGIONS
from benchmarks.tables import Table
from pix2vertex_blender.errors import DataFileError

from .section import Context, Section, SectionAbsentError

#: Intervals of |yaw| in degrees.
YAWS = ((0.0, 30.0), (0.0, 60.0))
COLUMNS = ("|yaw|", "people", "R2", "cosine", "size", "NME %", "of the mean face", "rank 1 %", "mean rank")


def identity_of_people(context: Context) -> Section:
    """How much of a person is in a head, and who is who, near the front and farther round."""
    section = Section("That person")
    section.notes.append(
        "Held-out rendered people, neutral. R2 is the share of a person's squared deviation from the mean face that the"
        " head explains, after alignment by a similarity; cosine and size are of the two deviations. Rank 1 is the"
        " share of heads that are likest themselves among all of these people, by shape alone."
    )
    rows: list[tuple[str | float | int, ...]] = []
    regions: list[tuple[str | float, ...]] = []
    for least, most in YAWS:
        try:
            people = identity.meet(identity.SEED, identity.COUNT, "neutral", (least, most), device=context.device)
        except DataFileError as error:
            raise SectionAbsentError(str(error)) from error
        found = identity.measure(people)
        mean, label = found.mean, f"{least:.0f} to {most:.0f}°"
        figures = (mean.r2, mean.cosine, mean.size, mean.nme, mean.nme_mean_face)
        rows.append((label, found.people, *figures, 100 * found.rank_1, found.mean_rank))
        for who, index in (("ours", 0), ("the mean face", 1)):
            regions.append((f"{label}, {who}", *(mean.regions[name][index] for name in IDENTITY_REGIONS)))
    section.tables.append(Table("identity", "Deviation from the mean face, and who is who", COLUMNS, rows))
    section.tables.append(Table("identity_regions", "By region, mm", ("|yaw|", *IDENTITY_REGIONS), regions))
    return section
