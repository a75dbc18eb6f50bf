"""The photo on its head from constant sides: what it shows truly, what is mirrored, and where the texels are."""

import numpy as np
import torch
from torch.nn import functional

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.template import load_template
from tests.reconstruction import made_up_portrait as made_up
from tests.training.fine_shape.conftest import SIZE
from training.fine_shape.inputs import batch_of
from training.fine_shape.networks import MODEL, FineShapeConfiguration
from training.fine_shape.orthographic import Side, fragments
from training.fine_shape.pairs import Pair
from training.fine_shape.plane import load_plane
from training.fine_shape.views import MIRRORED, SIDES


def truly(colours: np.ndarray, pitch: float, yaw: float) -> tuple[np.ndarray, np.ndarray]:
    """The painted template (S, S, 3) from a side, and where its face is, border and eyes apart."""
    template = load_template()
    triangles = triangulate(template.faces)
    triangles = triangles[(template.groups["face"] > 0.5)[triangles].all(axis=1)]
    drawn = fragments(Side(pitch, yaw).project(template.vertices, SIZE), triangles, SIZE)
    values = drawn.interpolate(np.column_stack([colours, 1 - template.groups["eyelids"]]), triangles)
    return values[..., :3], values[..., 3] > 0.99


def test_what_the_photo_shows_is_seen_from_every_side_as_it_is(pair: Pair) -> None:
    colours = made_up.painted(made_up.head(25.0), 25.0)
    for index in (1, 2):
        truth, face = truly(colours, *SIDES[index])
        error = np.abs(pair.views[index] - truth).mean(axis=-1)[face]
        assert np.median(error) < 4
    # From the front, half of the face is the mirror image at half strength.
    truth, face = truly(colours, 0.0, 0.0)
    left, right = face.copy(), face.copy()
    left[:, SIZE // 2 - 1 :], right[:, : SIZE // 2 + 1] = False, False
    assert np.median(np.abs(pair.views[0] - truth).mean(axis=-1)[left]) < 4
    mirrored = MIRRORED * truth[:, ::-1]
    assert np.median(np.abs(pair.views[0] - mirrored).mean(axis=-1)[right]) < 4


def test_a_photo_and_its_mirror_image_make_the_same_pair(pair: Pair, mirror_image: Pair) -> None:
    assert pair.yaw == mirror_image.yaw == 25.0
    np.testing.assert_allclose(mirror_image.coarse, pair.coarse, atol=0.02)
    np.testing.assert_allclose(mirror_image.pixels, pair.pixels, atol=0.05)
    different = np.abs(mirror_image.views.astype(float) - pair.views).mean(axis=-1) > 12
    assert different.mean() < 0.03, "but for pixels at borders"


def test_texels_find_their_colours_in_every_view(pair: Pair) -> None:
    colours = made_up.painted(made_up.head(25.0), 25.0).astype(np.float32)
    configuration = FineShapeConfiguration(views=3, size=SIZE)
    batch, plane = batch_of([pair], configuration), load_plane(SIZE)
    truth = plane.at_texels(torch.from_numpy(colours[None]) / 127.5 - 1)[0]
    for view in (1, 2):
        places, seen = batch.inputs.places[:, view], batch.inputs.seen[0, view]
        found = functional.grid_sample(batch.inputs.pictures[:, view], places, align_corners=False)[0]
        shown = plane.at_texels(torch.from_numpy(pair.facing[None, :, None]))[0, 0] > 0.4
        good = (seen > 0.9) & shown & (plane.face > 0.9)
        assert good.sum() > 300
        assert (found - truth).abs().mean(0)[good].median() < 0.05
    unrolled = batch_of([pair], FineShapeConfiguration(look=MODEL, size=SIZE)).inputs.pictures[0, 0]
    good = (unrolled[3] > 0.9) & (plane.face > 0.9)
    assert (unrolled[:3] - truth).abs().mean(0)[good].median() < 0.05


def test_the_plane_gives_back_what_vertices_have() -> None:
    template, plane = load_template(), load_plane(256)
    vertices = torch.from_numpy(template.vertices[None].astype(np.float32))
    back = plane.at_vertices(plane.at_texels(vertices))[0]
    inner = np.max([template.groups[name] for name in ("mouth_interior", "nostril_interior", "eyelids")], axis=0)
    skin = (template.groups["face"] > 0.99) & (inner < 0.01)
    assert (back - vertices[0]).norm(dim=-1)[skin].quantile(0.99) < 0.35
