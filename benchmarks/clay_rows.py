"""Heads in clay side by side, turned to the same sides."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.measures.surface import Points
from pix2vertex_blender.addon.headless.clay import clay_picture
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.exchange.report import Report
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.exchange.view import View, no_pins
from pix2vertex_blender.expression.lip_edges import lip_edges, with_lip_edges
from pix2vertex_blender.expression.mouth import Wearer, place_mouth
from pix2vertex_blender.geometry.similarity import Similarity, fit_similarity
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_both

#: Millimetres that a picture shows, pixels of its side, drawn at twice that, and the level of subdivision.
EXTENT, SIDE, LEVEL = 230.0, 300, 2
BACKGROUND = 235


def clay_rows(heads: Sequence[Points], yaws: Sequence[float]) -> NDArray[np.uint8]:
    """A picture with a column for each head (n, 3) of level 0, laid over the last, and a row for each yaw."""
    template = load_template()
    face = template.groups["face"]
    last = fit_similarity(heads[-1], template.vertices, face).apply(heads[-1])
    upright = [fit_similarity(head, last, face).apply(head) for head in heads]
    return np.concatenate([np.concatenate([_picture(head, yaw) for head in upright], axis=1) for yaw in yaws])


def _picture(head: Points, yaw: float) -> NDArray[np.uint8]:
    template, level = load_template(), load_template(LEVEL)
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    pose = Similarity(1.0, np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]), np.zeros(3))
    middle = pose.apply(np.array([[0.0, 10.0, 20.0]]))[0]
    camera = Camera(1.0, (EXTENT / 2 - middle[0], EXTENT / 2 + middle[1]), 0.0)
    grid = (int(EXTENT), int(EXTENT))
    nothing = np.full((*grid, 3), np.nan, dtype=np.float32)
    maps = FaceMaps(np.zeros(grid, dtype=bool), np.zeros(grid, dtype=np.float32), nothing, nothing, camera, pose, 1.0)
    view = View((1, 1), np.eye(2, 3), pose.matrix, maps, b"", no_pins())
    vertices = template.subdivide(with_lip_edges(head, lip_edges(head), LEVEL), LEVEL)
    drawn = clay_picture(
        Reconstruction(
            vertices=vertices,
            faces=level.faces.astype(np.int32),
            uvs=level.uvs.astype(np.float32),
            detail=np.zeros_like(vertices),
            groups={},
            landmarks_68=level.landmarks_68.astype(np.int32),
            eyeballs=place_both(template, head),
            views=(view,),
            coarse_vertices=head,
            automatic_vertices=head,
            detail_level=LEVEL,
            report=Report(),
            mouth=place_mouth(Wearer.as_in_photo(head)),
        ),
        0.0,
        2 * SIDE,
    ).astype(np.float64)
    alpha = drawn[..., 3:] / 255
    picture = alpha * drawn[..., :3] + (1 - alpha) * BACKGROUND
    half: NDArray[np.uint8] = picture.reshape(SIDE, 2, SIDE, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    return half
