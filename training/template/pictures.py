"""Pictures of the shipped template for the README: ``python -m training.template.pictures FOLDER``.

wireframe.png shows the head from the front, three quarters and the side; uv.png the texture layout; groups.png the
vertex groups.
"""

import argparse
import colorsys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import normalise, vertex_normals
from pix2vertex_blender.template import Eyeballs, Template, load_template

Points = NDArray[np.float64]
Image = NDArray[np.uint8]
VIEWS = {"front": (0.0, 0.0), "three quarters": (-38.0, 6.0), "side": (-90.0, 0.0)}
LIGHTS = ((-0.35, 0.5, 0.8), (0.9, 0.2, 0.4))
SIZE, SAMPLES, SHIFT = 900, 2, 4
SKIN, EYE, IRIS, PUPIL = (222, 214, 205), (248, 246, 244), (150, 110, 70), (30, 26, 24)
LINE = (84, 66, 48)
SHOWN_GROUPS = (
    ("forehead", "brow", "eyelids", "nose", "cheeks", "upper_lip", "lower_lip", "chin", "jaw", "ears", "scalp", "neck"),
    ("face",),
    ("left",),
)


def rotation(yaw: float, pitch: float) -> Points:
    """Matrix (3, 3) that turns the head by angles in degrees."""
    a, b = np.radians(yaw), np.radians(pitch)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return nod @ turn


def draw(template: Template, colours: Points, yaw: float, pitch: float, lines: bool) -> Image:
    """Picture (SIZE, SIZE, 3) RGB of head and eyeballs with a colour (f, 3) for each face, painted back to front."""
    eyes = template.eyeballs
    turn = rotation(yaw, pitch)
    points = np.concatenate([template.vertices, template.place_eyeballs(template.vertices)]) @ turn.T
    faces = np.concatenate([template.faces, opaque(eyes) + len(template.vertices)])
    canvas = np.full((SIZE * SAMPLES, SIZE * SAMPLES, 3), 255, np.uint8)
    scale = SIZE * SAMPLES / 285
    middle = (np.array([[0, 12, -5]]) @ turn.T)[0]
    plane = np.stack([points[:, 0] - middle[0], middle[1] - points[:, 1]], axis=1) * scale + SIZE * SAMPLES / 2
    normals = vertex_normals(points, faces)[faces].mean(axis=1)
    shade = 0.5 + 0.5 * np.clip((normals @ normalise(np.array(LIGHTS)).T).max(axis=1), 0, 1)
    corners = np.round(plane[faces] * 2**SHIFT).astype(np.int32)
    around = points[faces]
    towards = np.cross(around[:, 2] - around[:, 0], around[:, 3] - around[:, 1])[:, 2] > 0
    for face in np.argsort(around[:, :, 2].mean(axis=1)):
        if not towards[face]:
            continue
        colour = tuple((colours[face] * shade[face]).tolist())
        cv2.fillPoly(canvas, [corners[face]], colour, cv2.LINE_AA, SHIFT)
        if lines:
            cv2.polylines(canvas, [corners[face]], True, LINE, 1, cv2.LINE_AA, SHIFT)
    return cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.uint8)


def opaque(eyes: Eyeballs) -> NDArray[np.int64]:
    """The eyeballs' faces (f, 4) without the corneas, through which the irises are seen."""
    return eyes.faces[eyes.groups["cornea"][eyes.faces].max(axis=1) < 0.5]


def skin_and_eyes(template: Template) -> Points:
    """Plain colours (m, 3) of the faces of the head and the eyeballs."""
    eyes = template.eyeballs
    faces = opaque(eyes)
    ball = np.tile(np.array(EYE, dtype=np.float64), (len(faces), 1))
    for name, colour in (("iris", IRIS), ("pupil", PUPIL)):
        ball[eyes.groups[name][faces].min(axis=1) > 0.5] = colour
    return np.concatenate([np.tile(np.array(SKIN, dtype=np.float64), (len(template.faces), 1)), ball])


def wireframe(template: Template) -> Image:
    """The three views beside each other."""
    colours = skin_and_eyes(template)
    return np.hstack([draw(template, colours, *angles, lines=True) for angles in VIEWS.values()])


def groups(template: Template) -> Image:
    """All anatomical groups mixed, the network's face region, and the left side."""
    pictures = []
    for names in SHOWN_GROUPS:
        colours = skin_and_eyes(template)
        weights = np.stack([template.groups[name][template.faces].mean(axis=1) for name in names], axis=1)
        hues = np.array([colorsys.hls_to_rgb(k / len(names), 0.5 + 0.15 * (k % 2), 0.75) for k in range(len(names))])
        total = weights.sum(axis=1, keepdims=True)
        mixed = (weights @ hues) / np.maximum(total, 1e-9) * 255
        skin = colours[: len(template.faces)]
        colours[: len(template.faces)] = skin + (mixed - skin) * np.clip(total, 0, 1)
        pictures.append(draw(template, colours, *VIEWS["three quarters"], lines=False))
    return np.hstack(pictures)


def uv_layout(template: Template) -> Image:
    """The texture layout of the head, the face region tinted."""
    size = SIZE * SAMPLES
    canvas = np.full((size, size, 3), 255, np.uint8)
    corners = np.round(np.stack([template.uvs[..., 0], 1 - template.uvs[..., 1]], axis=-1) * size * 2**SHIFT)
    face = template.groups["face"][template.faces].mean(axis=1)
    for places, weight in zip(corners.astype(np.int32), face, strict=True):
        tint = tuple((np.array((240, 240, 240)) - weight * np.array((0, 30, 60))).tolist())
        cv2.fillPoly(canvas, [places], tint, cv2.LINE_AA, SHIFT)
        cv2.polylines(canvas, [places], True, LINE, 1, cv2.LINE_AA, SHIFT)
    return cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.uint8)


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    template = load_template()
    for name, picture in (("wireframe", wireframe), ("uv", uv_layout), ("groups", groups)):
        cv2.imwrite(str(folder / f"{name}.png"), cv2.cvtColor(picture(template), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
