"""The photo on its registered head, seen from constant sides (Beyond 3DMM, section 4.1)."""

from dataclasses import dataclass

import cv2
import numpy as np

from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.relief import coarse_forms
from pix2vertex_blender.reconstruction.turning.image_mesh import ImageMesh
from pix2vertex_blender.reconstruction.turning.light import towards_camera
from pix2vertex_blender.template import load_template

from ..arrays import Booleans, Bytes, Floats, Integers
from .orthographic import Side, fragments

#: Pitch and yaw of the sides, in the order of table 2: the first one, three, five or all seven are used. A positive yaw
#: is to the side that the photo shows.
SIDES = ((0.0, 0.0), (0.0, 25.0), (0.0, 50.0), (15.0, 0.0), (-25.0, 0.0), (0.0, -25.0), (0.0, -50.0))
#: By how much the face comes before the background (eq. 4), and how strong mirrored parts are (eq. 5).
FACE_FIRST, MIRRORED = 2.0, 0.5


@dataclass(frozen=True)
class Layer:
    """A part of the photo as a mesh in the rest frame.

    Attributes
    ----------
    points : (n, 3)
    triangles : (m, 3)
    pixels : (n, 2)
        Where the photo shows the points.
    visible : (n,)
        The score of eq. 4.
    """

    points: Floats
    triangles: Integers
    pixels: Floats
    visible: Floats

    def seen(self, side: Side, size: int) -> tuple[Floats, Floats]:
        """The photo's pixels (S, S, 2) and the scores (S, S) from a side; nothing there has the lowest score."""
        shown = fragments(side.project(self.points, size), self.triangles, size)
        values = shown.interpolate(np.column_stack([self.pixels, self.visible]), self.triangles)
        return values[..., :2], np.where(shown.covered, values[..., 2], -np.inf)


def virtual_views(mesh: ImageMesh, to_rest: Similarity, yaw_sign: float, size: int) -> Bytes:
    """Pictures (7, S, S, 3) of a photo from `SIDES`.

    What the photo shows badly comes, at half strength, from its mirror image, by the scores of eqs. 4 and 5.

    Parameters
    ----------
    mesh : ImageMesh
    to_rest : Similarity
        From the camera's axes to the template's rest frame.
    yaw_sign : float
        1 if the face is turned to the right of the picture, or else -1.
    size : int
    """
    face, behind = face_layer(mesh, to_rest), background_layer(mesh, to_rest)
    layers = [(face, behind), (mirrored_face(face), mirrored_background(behind))]
    pictures = [_seen_from(mesh, layers, Side(pitch, yaw_sign * yaw), size) for pitch, yaw in SIDES]
    return np.stack(pictures)


def face_layer(mesh: ImageMesh, to_rest: Similarity) -> Layer:
    """The face with its eyeballs."""
    template = load_template()
    balls = template.place_eyeballs(mesh.vertices)
    points = np.concatenate([mesh.vertices, balls])
    skin, white = triangulate(template.faces), triangulate(template.eyeballs.faces)
    skin = skin[(template.groups["face"] > 0.5)[skin].all(axis=1)]
    towards = towards_camera(mesh.vertices, mesh.frame.camera.inverse_distance)
    # Smoothed over a centimetre: the rims of lids, lips and nostrils face all ways.
    smooth = coarse_forms()(np.einsum("ij,ij->i", mesh.normals, towards)[:, None])[:, 0]
    facing = np.concatenate([smooth, np.zeros(len(balls))])
    for side, lids in zip(("left", "right"), template.eyeballs.lids, strict=True):
        # An eye comes from one photo or the other as a whole.
        facing[len(mesh.vertices) :][template.eyeballs.groups[side] > 0.5] = facing[lids].mean()
    triangles = np.concatenate([skin, white + len(mesh.vertices)])
    return Layer(to_rest.apply(points), triangles, mesh.project(points), facing + FACE_FIRST)


def background_layer(mesh: ImageMesh, to_rest: Similarity) -> Layer:
    """All of the photo on its anchors, with depth completed by eq. 12."""
    points, triangles = mesh.anchor_points, mesh.anchors.triangles
    normals = -vertex_normals(points, triangles)  # the grid runs clockwise
    facing = np.einsum("ij,ij->i", normals, towards_camera(points, mesh.frame.camera.inverse_distance))
    return Layer(to_rest.apply(points), triangles, mesh.anchors.pixels, facing)


def mirrored_face(face: Layer) -> Layer:
    """The face with what the photo shows of its other side: the mirrored photo, registered to the same head."""
    template = load_template()
    head = len(template.vertices)
    other = np.concatenate([template.mirror, head + template.eyeballs.mirror])
    return Layer(face.points, face.triangles, face.pixels[other], face.visible[other])


def mirrored_background(behind: Layer) -> Layer:
    """The background mirrored at the head's middle."""
    return Layer(behind.points * (-1.0, 1.0, 1.0), behind.triangles, behind.pixels, behind.visible)


def _seen_from(mesh: ImageMesh, layers: list[tuple[Layer, Layer]], side: Side, size: int) -> Bytes:
    (own, score), (other, other_score) = (_image_mesh_seen(*pair, side, size) for pair in layers)
    is_own: Booleans = score >= other_score
    picture = np.where(is_own[..., None], _colours(mesh.pixels, own), MIRRORED * _colours(mesh.pixels, other))
    picture[~np.isfinite(np.maximum(score, other_score))] = 0
    return np.rint(picture).astype(np.uint8)


def _image_mesh_seen(face: Layer, behind: Layer, side: Side, size: int) -> tuple[Floats, Floats]:
    """Pixels and scores of a photo's face and, where there is none, of its background."""
    pixels, score = face.seen(side, size)
    pixels_behind, score_behind = behind.seen(side, size)
    is_face = np.isfinite(score)
    return np.where(is_face[..., None], pixels, pixels_behind), np.where(is_face, score, score_behind)


def _colours(photo: Bytes, pixels: Floats) -> Floats:
    x, y = (np.ascontiguousarray(pixels[..., k] - 0.5, dtype=np.float32) for k in range(2))
    sampled: Floats = cv2.remap(photo, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    return sampled
