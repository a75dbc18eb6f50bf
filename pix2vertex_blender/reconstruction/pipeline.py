"""From a photo to a reconstruction: the stages in their order."""

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from ..geometry.mesh import triangulate
from ..geometry.raster import interpolate, rasterise
from ..geometry.similarity import fit_similarity
from ..template import Template, load_template
from ..template.canonical import to_millimetres
from ..template.eyeballs import place_both
from .alignment import align
from .detail import add_detail
from .detection import FaceBox
from .device import choose_device
from .localisation import FoundFace, Localiser, choose_face
from .maps import FaceMaps, read_maps
from .matching import TargetIndex
from .network import MapNetwork, load_network, predict_views
from .photo import FaceCrop, Photo, cut_square, encode_png, load_photo
from .progress import Progress, silent
from .registration import NETWORK_MAPS, Registration, register
from .result import Reconstruction
from .target import build_target

#: Resolution of the crop that detail is read from.
DETAIL_RESOLUTION = 1024
#: The face box that is reported, from the bounding box of the landmarks: how far it reaches beyond it to the sides and
#: upwards, over its width and height.
BOX_MARGIN_SIDES = 0.1
BOX_MARGIN_TOP = 0.25


@dataclass(frozen=True)
class Options:
    """What a user can choose.

    Attributes
    ----------
    device : str
        A name of `device.DEVICE_NAMES`.
    face_box : tuple of float, optional
        Left, top, width and height of the face in photo pixels; found automatically if None.
    face : int, optional
        Which of several faces, counted from 1 for the largest.
    detail_level : int
        Subdivision level of the result, 0 to 3.
    seed : int
        Of the random choices.
    """

    device: str = "auto"
    face_box: tuple[float, float, float, float] | None = None
    face: int | None = None
    detail_level: int = 2
    seed: int = 0


@dataclass
class _Clock:
    """Tells the progress of the stages and measures them."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure one stage."""
        self.progress(name, 0.0)
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started
        self.progress(name, 1.0)


def reconstruct(photo_path: Path | str, options: Options = Options(), progress: Progress = silent) -> Reconstruction:
    """Turn a photo into a face mesh with the template's topology.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if the photo or an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    clock = _Clock(progress)
    with clock.stage("start"):
        template = load_template()
        device = choose_device(options.device)
        network = load_network(device=device)
    with clock.stage("detect"):
        photo = load_photo(photo_path)
        face, face_count = _locate(photo, network, template, options)
        crop = cut_square(photo, face.square, network.configuration.resolution)
    with clock.stage("network"):
        maps = read_maps(predict_views(network, crop.pixels))
    with clock.stage("target"):
        target = TargetIndex(build_target(maps))
    with clock.stage("alignment"):
        visible = template.groups["face"]
        alignment = align(
            template.vertices, template.canonical, target, np.random.default_rng(options.seed), weights=visible
        )
    with clock.stage("registration"):
        registration = register(
            alignment.apply(template.vertices),
            template.faces,
            template.canonical,
            target,
            NETWORK_MAPS,
            visible,
            mirror=template.mirror,
            progress=clock.progress,
        )
    with clock.stage("detail"):
        level = load_template(options.detail_level)
        vertices = template.subdivide(registration.vertices, options.detail_level)
        detail_crop = cut_square(photo, face.square, DETAIL_RESOLUTION)
        detail_camera = maps.camera.resized(DETAIL_RESOLUTION / len(crop.pixels))
        photo_pixel = 1 / float(np.linalg.norm(detail_crop.crop_to_photo[:, 0]))
        detail = add_detail(vertices, level, detail_crop.pixels, detail_camera, maps.mask, photo_pixel)
    report = _report(photo_path, photo, crop, maps, face_count, registration, template, device)
    report["landmarks_68"] = crop.to_photo(maps.camera.project(level.landmark_points(vertices))).tolist()
    report["face_box"] = box_around(np.array(report["landmarks_68"]))
    report["seconds"] = clock.seconds
    crop_png = encode_png(detail_crop.pixels)
    return _in_head_frame(template, level, registration.vertices, vertices, detail, crop, crop_png, maps, photo, report)


def _locate(photo: Photo, network: MapNetwork, template: Template, options: Options) -> tuple[FoundFace, int]:
    """Return the face to reconstruct and how many there are."""
    localiser = Localiser(
        predict=partial(predict_views, network),
        resolution=network.configuration.resolution,
        landmarks=to_millimetres(template.canonical[template.landmarks_68]),
    )
    if options.face_box is not None:
        return localiser.find_in_box(photo, FaceBox(*options.face_box)), 1
    faces = localiser.find(photo)
    return choose_face(faces, options.face), len(faces)


def _report(
    photo_path: Path | str,
    photo: Photo,
    crop: FaceCrop,
    maps: FaceMaps,
    face_count: int,
    registration: Registration,
    template: Template,
    device: torch.device,
) -> dict[str, Any]:
    return {
        "photo": Path(photo_path).name,
        "photo_size": list(photo.size),
        "faces_found": face_count,
        "confidence": round(maps.confidence, 4),
        "device": device.type,
        "registration": {
            "iterations": registration.iterations,
            "matches": registration.matches,
            "median_distance_mm": round(registration.median_distance_mm, 4),
            "converged": registration.converged,
        },
        "template": {
            "version": template.version,
            "vertices": len(template.vertices),
            "faces": len(template.faces),
        },
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "torch": torch.__version__,
            "opencv": cv2.__version__,
        },
    }


def box_around(landmarks: NDArray[np.float64]) -> list[float]:
    """Face box [x, y, w, h] around landmarks (68, 2)."""
    lower, upper = landmarks.min(axis=0), landmarks.max(axis=0)
    width, height = upper - lower
    return [
        float(lower[0] - BOX_MARGIN_SIDES * width),
        float(lower[1] - BOX_MARGIN_TOP * height),
        float((1 + 2 * BOX_MARGIN_SIDES) * width),
        float((1 + BOX_MARGIN_TOP) * height),
    ]


def _in_head_frame(
    template: Template,
    level: Template,
    registered: NDArray[np.float64],
    vertices: NDArray[np.float64],
    detail: NDArray[np.float64],
    crop: FaceCrop,
    crop_png: bytes,
    maps: FaceMaps,
    photo: Photo,
    report: dict[str, Any],
) -> Reconstruction:
    """Put everything together, turned from the camera's frame into the upright frame of the head."""
    pose = fit_similarity(template.vertices, registered, template.groups["face"])
    head_to_camera = np.eye(4)
    head_to_camera[:3, :3] = pose.rotation
    head_to_camera[:3, 3] = pose.translation
    coarse_vertices = (registered - pose.translation) @ pose.rotation
    depth = _mesh_depth(vertices + detail, level, maps)
    return Reconstruction(
        vertices=(vertices - pose.translation) @ pose.rotation,
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        detail=detail @ pose.rotation,
        groups={name: weights.astype(np.float32) for name, weights in level.groups.items()},
        landmarks_68=level.landmarks_68.astype(np.int32),
        eyeballs=place_both(template, coarse_vertices),
        head_to_camera=head_to_camera,
        camera=maps.camera,
        crop_to_photo=crop.crop_to_photo,
        photo_size=photo.size,
        maps={
            "mask": maps.mask,
            "correspondence": maps.correspondence,
            "geometry": maps.geometry,
            "network_depth": maps.geometry[..., 2],
            "mesh_depth": depth,
        },
        coarse_vertices=coarse_vertices,
        detail_level=level.level,
        crop_png=crop_png,
        report=report,
    )


def _mesh_depth(vertices: NDArray[np.float64], level: Template, maps: FaceMaps) -> NDArray[np.float32]:
    """Depth (H, W) in millimetres of the mesh in the maps' grid, NaN where something else than the face is seen."""
    triangles = triangulate(level.faces)
    height, width = maps.mask.shape
    triangle, barycentric = rasterise(maps.camera.project(vertices), vertices[:, 2], triangles, (height, width))
    values = np.column_stack([vertices[:, 2], level.groups["face"]])
    seen = interpolate(values, triangles, triangle, barycentric)
    return np.where(seen[..., 1] > 0.5, seen[..., 0], np.nan).astype(np.float32)
