"""The registration on pairs with true correspondence, beside trimesh."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np

from benchmarks import registration
from benchmarks.peers.environments import TRIMESH, PeerAbsentError, run_peer
from benchmarks.tables import Cell, Table

from .section import PEER_SECONDS, Context, Section, SectionAbsentError, data_folder

#: The better one of trimesh's on these pairs; `peers/trimesh_nricp.py` has the other.
METHODS = ("nricp_sumner",)


def registration_pairs(context: Context) -> Section:
    """The registration on pairs with true correspondence, beside trimesh."""
    folder = data_folder("registration")
    if not any(folder.glob("pair*.npz")):
        raise SectionAbsentError("the development data has no registration pairs")
    section = Section("Registration of pairs with exact correspondence")
    section.notes.append(
        "The product's registration is given the embedding that a perfect, or a noisy, network would say; trimesh's is"
        " given 68 exact landmarks instead. Distances in mm from the true places of the vertices."
    )
    rows: list[list[Cell]] = []
    for embedding, target in (("target_embedding", "target"), ("target_embedding_noisy", "target_noisy")):
        with contextlib.redirect_stdout(io.StringIO()):
            measured = registration.run_pairs(folder, context.output / target, embedding, target, "default")
        label = "this product, noisy maps" if target.endswith("noisy") else "this product, exact maps"
        rows.append([label, *(float(value) for value in np.mean(measured, axis=0)[:8])])
    try:
        rows += _trimesh(folder, context.output)
    except PeerAbsentError as error:
        section.notes.append(f"Absent peer: {error}.")
    section.tables.append(Table("registration", "Registration", ("", *registration.COLUMNS[:8]), rows))
    return section


def _trimesh(folder: Path, output: Path) -> list[list[Cell]]:
    """Rows of trimesh's methods, scored as ours."""
    run_peer(TRIMESH, [str(folder), str(output / "trimesh"), *METHODS], PEER_SECONDS)
    seconds = json.loads((output / "trimesh" / "seconds.json").read_text())
    rows: list[list[Cell]] = []
    for method in METHODS:
        measured = []
        for path in sorted(folder.glob("pair*.npz")):
            with np.load(path) as file:
                pair = dict(file)
            vertices = np.load(output / "trimesh" / method / f"{path.stem}.npy")
            scored = registration.score(pair, registration.MILLIMETRES_PER_CENTIMETRE * vertices)
            measured.append([*scored, *seconds[f"{method}/{path.stem}"]])
        rows.append([f"{TRIMESH.name} {method}", *(float(value) for value in np.mean(measured, axis=0))])
    return rows
