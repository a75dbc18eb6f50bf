"""The tongue, MakeHuman's, placed in the morphable model's mouth, and what sticking it out does to it."""

import numpy as np

from ..paths import shared_folder
from .part_mesh import Mesh, Points

#: MakeHuman's decimetres become the model's millimetres: by how much, and how far its mouth is from the model's.
SCALE, PLACE = 90.0, (0.0, -39.6, 95.0)
#: It is as wide as the lower teeth leave room.
WIDTH = 0.78
#: Where MakeHuman's tongue has its tip and the middle of its edge (dm).
TIP = (0.0, 6.585, 1.394)
#: At rest the tongue's front lies behind the upper teeth, as tongues do: from where on (mm of z) it rises, how far its
#: tip rises and goes back, and how thick it is. From there it comes straight out above the lower teeth.
RISEN_FROM, RISEN_BY, RISEN_BACK, RISEN_THICKNESS = 50.0, 11.8, 5.0, 0.45
#: The height (mm) of the middle of MakeHuman's tongue.
MIDDLE = -41.5
#: Sticking out: from where on (mm of z) the tongue is drawn forwards, how far its tip comes, how much it sinks, and
#: how thick and how wide it is between the lips.
OUT_FROM, OUT_BY, OUT_DOWN = 45.0, 40.0, 9.0
OUT_THICKNESS, OUT_WIDTH = 0.28, 0.75
#: The height of its middle there, above the lower teeth, with which it goes.
OUT_HEIGHT = -31.2


def tongue() -> tuple[Mesh, Points]:
    """The tongue in the closed mouth, and what sticking it out adds to its vertices (n, 3)."""
    with np.load(shared_folder() / "topologies" / "makehuman_base.npz", allow_pickle=False) as base:
        vertices = base["tongue_vertices"].astype(np.float64)
        faces = base["tongue_faces"].astype(np.int64)
        uvs = base["uv"].astype(np.float64)[base["tongue_uv_faces"]]
    points = (vertices - TIP) * SCALE + PLACE
    points[:, 0] *= WIDTH
    low, high = uvs.reshape(-1, 2).min(axis=0), uvs.reshape(-1, 2).max(axis=0)
    rest = risen(points)
    mesh = Mesh(rest, faces, 0.03 + 0.94 * (uvs - low) / (high - low))
    mesh.groups = {"tongue": np.ones(len(points))}
    mesh.materials = np.zeros(len(faces), dtype=np.int64)
    return mesh, out_of_the_mouth(points) - rest


def risen(points: Points) -> Points:
    """The tongue's vertices (n, 3) with its front behind the upper teeth."""
    share = np.clip((points[:, 2] - RISEN_FROM) / (points[:, 2].max() - RISEN_FROM), 0.0, 1.0)
    smooth = share**2 * (3 - 2 * share)
    result = points.copy()
    result[:, 1] = MIDDLE + (points[:, 1] - MIDDLE) * (1 - (1 - RISEN_THICKNESS) * smooth) + RISEN_BY * smooth
    result[:, 2] -= RISEN_BACK * smooth
    return result


def out_of_the_mouth(points: Points) -> Points:
    """The tongue's vertices (n, 3) stretched between the lips, its tip hanging over the lower one."""
    tip = points[:, 2].max()
    share = np.clip((points[:, 2] - OUT_FROM) / (tip - OUT_FROM), 0.0, 1.0)
    smooth = share**2 * (3 - 2 * share)
    result = points.copy()
    result[:, 2] += OUT_BY * share**1.5
    beyond = np.clip((result[:, 2] - 108.0) / 24.0, 0.0, 1.0)
    flat = MIDDLE + (points[:, 1] - MIDDLE) * (1 - (1 - OUT_THICKNESS) * smooth)
    result[:, 1] = flat + smooth * (OUT_HEIGHT - MIDDLE) - OUT_DOWN * beyond**2
    result[:, 2] -= 4.0 * beyond**2
    result[:, 0] *= 1 - (1 - OUT_WIDTH) * smooth
    return result
