"""How much of a photo's light is left in the texture, and what detail makes of relief and of paint."""

import numpy as np

from benchmarks import marks, skin
from benchmarks.skin import Difference
from benchmarks.tables import Table
from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.reconstruction.network.detail_network import load_detail_network

from .section import Context, Section, SectionAbsentError, data_folder

HEADS, MARKED = 8, 3
COLUMNS = ("", "as photographed", "light taken out", "ratio", "true tone", "off, as logarithm")


def skin_and_detail(context: Context) -> Section:
    """Textures of heads under two lights, rendered and scanned, and detail of marked skin."""
    section = Section("Skin: its colour without the light, and its relief without the paint")
    section.notes.append(
        "The same head under two lights: mean difference of the two textures, of 255, with the light kept and taken"
        " out. The tone is the linear green of the skin. Marks are painted on rendered skin and have no height: mean"
        " displacement there in mm, and the correlation with the true relief elsewhere."
    )
    try:
        compared = {f"rendered {number}": skin.rendered(number) for number in range(HEADS)}
        scans = data_folder("scans")
        compared |= {key: skin.scanned(scans, key) for key in skin.scan_views(scans)}
        network = load_detail_network()
        detail = {
            people: marks.mean_figures([marks.measure(number, network, weather) for number in range(MARKED)])
            for people, weather in marks.PEOPLE.items()
        }
    except DataFileError as error:
        raise SectionAbsentError(str(error)) from error
    rows = [_row(name, [each]) for name, each in compared.items()]
    for label, rendered in (("all rendered", True), ("all views of the scan", False)):
        rows.append(_row(label, [each for key, each in compared.items() if key.startswith("rendered") == rendered]))
    section.tables.append(Table("skin", "Textures under two lights", COLUMNS, rows))
    for people, figures in detail.items():
        names = list(figures[marks.BY_NETWORK])
        read: list[tuple[str | float, ...]] = [(way, *values.values()) for way, values in figures.items()]
        title = f"Detail on marked skin, people {people}"
        section.tables.append(Table(f"marks {people}", title, ("read", *names), read, digits=3))
    return section


def _row(name: str, heads: list[Difference]) -> tuple[str | float, ...]:
    kept, out = sum(each.kept for each in heads), sum(each.out for each in heads)
    tone, error = (float(np.mean([getattr(each, part) for each in heads])) for part in ("tone", "tone_error"))
    return name, kept / len(heads), out / len(heads), out / kept, tone, error
