"""A registered head with its pictures and its true head: one pair of the training, in memory and on disk."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.files import replacing
from pix2vertex_blender.template import load_template

from ..arrays import Bytes, Floats

SUFFIX = ".pair.npz"
QUALITY = 95

NO_PAIRS = "There are no pairs in {folder}: make some with python -m training.fine_shape bank."
NO_PAIR = "{path} is no pair of a registered and a true head: remove it, and make it again."


@dataclass(frozen=True)
class Pair:
    """One registered head; the face is turned to the right of the picture, if need be because all was mirrored.

    Attributes
    ----------
    views : (7, S, S, 3) uint8
        The photo on the head from `views.SIDES`.
    photo : (S, S, 3) uint8
        The photo around the face.
    coarse : (n, 3) float32
        The registered head, laid over the template's rest shape by a similarity of their faces, millimetres.
    truth : (n, 3) float32
        The true head, likewise.
    pixels : (n, 3) float32
        Where the vertices of the registered head are in `photo`, and their depth in millimetres.
    facing : (n,) float32
        Cosine of the registered head's normals to the camera.
    yaw : float
        Of the true head in the photo, degrees.
    """

    views: Bytes
    photo: Bytes
    coarse: Floats
    truth: Floats
    pixels: Floats
    facing: Floats
    yaw: float


def mirrored(pair: Pair) -> Pair:
    """The pair as its mirror image shows it."""
    other, flip = load_template().mirror, np.array([-1, 1, 1], np.float32)
    pixels = pair.pixels[other] * flip + np.array([pair.photo.shape[1], 0, 0], np.float32)
    return replace(
        pair,
        views=np.ascontiguousarray(pair.views[:, :, ::-1]),
        photo=np.ascontiguousarray(pair.photo[:, ::-1]),
        coarse=pair.coarse[other] * flip,
        truth=pair.truth[other] * flip,
        pixels=pixels,
        facing=pair.facing[other],
        yaw=-pair.yaw,
    )


def write_pair(path: Path, pair: Pair) -> None:
    """Write a pair, its pictures as JPEG; a file of that name is either whole or not there."""
    values: dict[str, Any] = {field.name: getattr(pair, field.name) for field in fields(Pair)}
    strip = np.concatenate([pair.photo, *values.pop("views")])
    values["photo"] = cv2.imencode(".jpg", strip[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, **values)


def read_pair(path: Path) -> Pair:
    """Read what `write_pair` wrote.

    Raises
    ------
    DataFileError
        If it is something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            values = {name: file[name] for name in file.files}
        strip = cv2.imdecode(values.pop("photo"), cv2.IMREAD_COLOR)[..., ::-1]
        pictures = np.ascontiguousarray(strip).reshape(-1, strip.shape[1], *strip.shape[1:])
        return Pair(views=pictures[1:], photo=pictures[0], yaw=float(values.pop("yaw")), **values)
    except (OSError, ValueError, KeyError, TypeError, cv2.error) as error:
        raise DataFileError(NO_PAIR.format(path=path)) from error


def list_pairs(folders: Sequence[Path]) -> list[Path]:
    """All pairs of some folders.

    Raises
    ------
    DataFileError
        If there are none.
    """
    paths = [path for folder in folders for path in sorted(folder.glob(f"*{SUFFIX}"))]
    if not paths:
        raise DataFileError(NO_PAIRS.format(folder=", ".join(map(str, folders))))
    return paths
