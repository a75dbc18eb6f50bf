"""Pairs from rendered people: each photo is registered by the product itself, and its true head is drawn again."""

import multiprocessing
import tempfile
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.exchange.frames import Frame
from pix2vertex_blender.exchange.progress import StageClock, silent
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.fitting import register_template
from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square, cut_square
from pix2vertex_blender.reconstruction.pipeline import Networks, Options, load_networks, look
from pix2vertex_blender.reconstruction.turning.image_mesh import ImageMesh
from pix2vertex_blender.reconstruction.turning.light import towards_camera
from pix2vertex_blender.template import load_template

from ..arrays import Bytes, Floats
from ..data.augmentation import AugmentationParameters, augment
from ..data.backgrounds import background_bank
from ..data.dataset import is_portrait
from ..data.samples import read_sample, samples_in
from ..identity.heads import true_head
from .pairs import SUFFIX, Pair, mirrored, write_pair
from .views import virtual_views

#: The square of a photo that is kept, in extents of the registered face.
AROUND = 1.5
#: A sample as a photo of the same pixels: nothing in front of it.
PHOTOGRAPH = AugmentationParameters(
    mirror_share=0, turn_share=0, zoom=(1.0, 1.0), shift=0, settled_share=0, degraded_share=0.35, occluder_share=0
)


@dataclass(frozen=True)
class BankSettings:
    """How pairs are made.

    Attributes
    ----------
    seed : int
        That the samples were generated with.
    size : int
        Pixels of the pictures' side.
    backgrounds : Path, optional
        File to keep the background pictures in.
    """

    seed: int
    size: int = 256
    backgrounds: Path | None = None


def make_pair(photo: Path, truth: Floats, yaw: float, box: tuple[float, float, float, float], size: int) -> Pair:
    """Register a photo as the product does, and pair it with its true head (n, 3), in any frame.

    Parameters
    ----------
    photo : Path
    truth : (n, 3)
    yaw : float
        Degrees.
    box : tuple of float
        Left, top, width and height of the face in the photo.
    size : int

    Raises
    ------
    Pix2VertexError
        If no face is registered.
    """
    clock = StageClock(silent)
    sight = look(photo, _networks(), Options(device="cpu", face_box=box), clock)
    registration, _target, _moved = register_template(sight.seen, 0, sight.likeness, clock)
    pixels = cv2.imread(str(photo), cv2.IMREAD_COLOR)[..., ::-1]
    return pair_of(Photo(photo.stem, pixels), sight.seen.frame, registration.vertices, truth, yaw, size)


def pair_of(photo: Photo, frame: Frame, registered: Floats, truth: Floats, yaw: float, size: int) -> Pair:
    """The pair of a head (n, 3) registered in the camera's axes."""
    template = load_template()
    face = face_vertices(template)
    mesh = _around_the_face(photo, frame, registered, size)
    to_rest = fit_similarity(registered[face], template.vertices[face])
    towards = towards_camera(registered, frame.camera.inverse_distance)
    # How the registered head is turned decides, not how the true one is: a photo of its own has no true one.
    sign = 1.0 if to_rest.rotation[2, 0] >= 0 else -1.0
    pair = Pair(
        views=virtual_views(mesh, to_rest, sign, size),
        photo=mesh.pixels,
        coarse=to_rest.apply(registered).astype(np.float32),
        truth=fit_similarity(truth[face], template.vertices[face]).apply(truth).astype(np.float32),
        pixels=np.column_stack([mesh.project(registered), registered[:, 2]]).astype(np.float32),
        facing=np.einsum("ij,ij->i", vertex_normals(registered, template.faces), towards).astype(np.float32),
        yaw=yaw,
    )
    return pair if sign > 0 else mirrored(pair)


def write_bank(samples: Path, folder: Path, start: int, count: int, settings: BankSettings, workers: int = 1) -> int:
    """Write pairs of samples of a folder, from one on, those that are there apart; returns how many are new.

    Samples that are no portraits, whose head cannot be drawn again, or in which no face is registered, make none.

    Raises
    ------
    DataFileError
        If there are no samples.
    """
    paths = samples_in(samples, start, count)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [path for path in paths if not (folder / f"{path.stem}{SUFFIX}").exists()]
    job = partial(_write_pair_of, folder=folder, settings=settings)
    if workers <= 1:
        return sum(map(job, missing))
    with multiprocessing.get_context("spawn").Pool(workers, _prepare_process) as pool:
        return sum(pool.imap_unordered(job, missing, chunksize=4))


def _write_pair_of(path: Path, folder: Path, settings: BankSettings) -> bool:
    sample, index = read_sample(path), int(path.stem)
    truth = true_head(sample, settings.seed, index) if is_portrait(sample) else None
    if truth is None:
        return False
    generator = np.random.default_rng([settings.seed, 24, index])
    size = len(sample.mask)
    picture = augment(sample, size, generator, _backgrounds(settings.backgrounds), (), PHOTOGRAPH).image
    lower, extent = sample.landmarks.min(axis=0), np.ptp(sample.landmarks, axis=0)
    box = (float(lower[0]), float(lower[1]), float(extent[0]), float(extent[1]))
    with tempfile.TemporaryDirectory() as place:
        photo = Path(place) / f"{path.stem}.png"
        cv2.imwrite(str(photo), picture[..., ::-1])
        try:
            pair = make_pair(photo, truth, sample.yaw, box, settings.size)
        except Pix2VertexError:
            return False
    write_pair(folder / f"{path.stem}{SUFFIX}", pair)
    return True


def _around_the_face(photo: Photo, frame: Frame, registered: Floats, size: int) -> ImageMesh:
    """The image mesh of the square of the photo around the face, upright as the photo is."""
    face = frame.to_photo(registered[face_vertices(load_template())])
    lower, upper = face.min(axis=0), face.max(axis=0)
    x, y = (lower + upper) / 2
    square = Square(float(x), float(y), AROUND * float((upper - lower).max()))
    to_photo = square.to_photo(size)
    linear = np.linalg.solve(to_photo[:, :2], frame.crop_to_photo)
    linear[:, 2] -= np.linalg.solve(to_photo[:, :2], to_photo[:, 2])
    return ImageMesh(cut_square(photo, square, size).pixels, replace(frame, crop_to_photo=linear), registered)


@cache
def _networks() -> Networks:
    return load_networks("cpu")


@cache
def _backgrounds(path: Path | None) -> Bytes:
    return background_bank(path)


def _prepare_process() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
