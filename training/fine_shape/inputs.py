"""From pairs to what a network is given."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.template import load_template

from ..arrays import Floats
from .networks import CAMERA, MODEL, VIRTUAL, FineShapeConfiguration, Inputs
from .orthographic import Side, fragments
from .pairs import Pair, read_pair
from .plane import Plane, load_plane
from .views import SIDES

#: Millimetres of a difference of 1 between the registered and the mean head.
COARSE_UNIT = 10.0
#: Cosine from which a texel counts as well seen.
WELL_SEEN = 0.3


class Batch(NamedTuple):
    """Inputs and the heads that they are of.

    Attributes
    ----------
    inputs : Inputs
    coarse, truth : (B, n, 3)
        Registered and true heads in the rest frame, millimetres.
    yaw : (B,)
        Degrees.
    """

    inputs: Inputs
    coarse: Tensor
    truth: Tensor
    yaw: Tensor


def batch_of(pairs: Sequence[Pair], configuration: FineShapeConfiguration) -> Batch:
    """What a network of a configuration is given of some pairs."""
    plane = load_plane(configuration.size)
    coarse, truth = (_stacked([getattr(pair, name) for pair in pairs]) for name in ("coarse", "truth"))
    difference = plane.at_texels((coarse - _stacked([load_template().vertices])) / COARSE_UNIT) * plane.face
    each = [_looks(pair, configuration, plane) for pair in pairs]
    pictures, places, seen = (torch.stack(parts) for parts in zip(*each, strict=True))
    inputs = Inputs(pictures, places, seen * plane.face, difference)
    return Batch(inputs, coarse, truth, torch.tensor([pair.yaw for pair in pairs]))


def batches(
    paths: Sequence[Path], size: int, configuration: FineShapeConfiguration, seed: Sequence[int]
) -> Iterator[Batch]:
    """Endless random batches, every pair once before any comes again."""
    generator = np.random.default_rng(list(seed))
    waiting: list[Path] = []
    while True:
        while len(waiting) < size:
            waiting += [paths[k] for k in generator.permutation(len(paths))]
        yield batch_of([read_pair(path) for path in waiting[:size]], configuration)
        waiting = waiting[size:]


def _looks(pair: Pair, configuration: FineShapeConfiguration, plane: Plane) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures (V, C, S, S), places (V, U, U, 2) and how well the texels are seen (V, U, U)."""
    size = configuration.size
    if configuration.look == VIRTUAL:
        views = pair.views[: configuration.views]
        sides = [_from_side(pair, Side(*angles), plane, size) for angles in SIDES[: configuration.views]]
        places, seen = (torch.stack(parts) for parts in zip(*sides, strict=True))
        return _pictures(views, size), places, seen
    photo = _pictures(pair.photo[None], size)
    scale = np.array([2 / pair.photo.shape[1], 2 / pair.photo.shape[0]])
    places = plane.at_texels(_stacked([pair.pixels[:, :2] * scale - 1]))[0].movedim(0, -1)
    seen = (plane.at_texels(_stacked([pair.facing[:, None]]))[0, 0] / WELL_SEEN).clamp(0, 1)
    if configuration.look == MODEL:
        unrolled = functional.grid_sample(photo, places[None], align_corners=False) * (seen > 0)
        photo = torch.cat([unrolled, seen[None, None]], 1)
    elif configuration.look == CAMERA:
        photo = torch.cat([photo, _mean_face_at(pair, size)[None]], 1)
        seen = torch.ones_like(seen)
    return photo, places[None], seen[None]


def _from_side(pair: Pair, side: Side, plane: Plane, size: int) -> tuple[Tensor, Tensor]:
    """Where the texels are in the picture from a side (U, U, 2), and how well they are seen (U, U)."""
    seen_at = side.project(pair.coarse.astype(np.float64), size)[:, :2] * (2 / size) - 1
    facing = (vertex_normals(pair.coarse, load_template().faces) @ side.rotation.T)[:, 2:]
    values = plane.at_texels(_stacked([np.column_stack([seen_at, facing])]))[0]
    inside = (values[:2].abs() < 1).all(0)
    return values[:2].movedim(0, -1), (values[2] / WELL_SEEN).clamp(0, 1) * inside


def _mean_face_at(pair: Pair, size: int) -> Tensor:
    """The place on the mean face that each pixel shows (3, S, S): the projected normalised coordinate code."""
    template = load_template()
    triangles = triangulate(template.faces)
    triangles = triangles[(template.groups["face"] > 0.5)[triangles].all(axis=1)]
    scale = size / len(pair.photo)
    drawn = fragments(pair.pixels * (scale, scale, 1.0), triangles, size)
    code: Floats = drawn.interpolate(template.canonical, triangles).astype(np.float32)
    return torch.from_numpy(code).movedim(-1, 0)


def _pictures(pictures: np.ndarray, size: int) -> Tensor:
    """Pictures (V, s, s, 3) as (V, 3, S, S) in [-1, 1]."""
    values = torch.from_numpy(np.ascontiguousarray(pictures)).movedim(-1, 1).float() / 127.5 - 1
    if values.shape[-1] != size:
        values = functional.interpolate(values, (size, size), mode="area")
    return values


def _stacked(arrays: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.stack(arrays).astype(np.float32))
