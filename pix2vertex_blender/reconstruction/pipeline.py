"""From a photo to a reconstruction: the stages in their order."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import scipy
import torch

from ..exchange.glimpse import Show, show_nobody
from ..exchange.maps import FaceMaps
from ..exchange.progress import Progress, StageClock, silent
from ..exchange.report import RegistrationReport, Report, TemplateReport
from ..exchange.result import Reconstruction
from ..paths import CLOSE_NETWORK_WEIGHTS
from ..template import Template, load_template
from ..template.canonical import to_millimetres
from .fitting import believable_pins, complete, follow_pins, register_template
from .glimpses import head_glimpse, mask_glimpse, surface_glimpse
from .likeness import estimate, load_likeness
from .network.device import choose_device
from .network.maps import read_maps, within
from .network.network import MapNetwork, load_network, predict_views
from .photo.background import Tell
from .photo.detection import FaceBox
from .photo.face_search import faces_of, localiser_of
from .photo.localisation import FoundFace, choose_face
from .photo.photo import Photo, cut_square, encode_png, inside_photo
from .photo.reading import load_photo
from .registration.registration import Registration
from .second_pass import SecondPass
from .seen_face import SeenFace

#: Resolution of the crop that detail is read from.
DETAIL_RESOLUTION = 1024


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
    pins : dict of int to (float, float)
        Where the artist says that some of the 68 landmarks are, in photo pixels. Pins that are far away belong to
        another face and do not count.
    """

    device: str = "auto"
    face_box: tuple[float, float, float, float] | None = None
    face: int | None = None
    detail_level: int = 2
    seed: int = 0
    pins: Mapping[int, tuple[float, float]] = field(default_factory=dict)


def reconstruct(
    photo_path: Path | str, options: Options = Options(), progress: Progress = silent, show: Show = show_nobody
) -> Reconstruction:
    """Turn a photo into a face mesh with the template's topology.

    Parameters
    ----------
    photo_path : Path or str
    options : Options
    progress : Progress
    show : Show
        Is shown the face's outline, its surface and the registered head as soon as they are known.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if the photo or an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    clock = StageClock(progress)
    with clock.stage("start"):
        template = load_template()
        device = choose_device(options.device)
        network = load_network(device=device)
        second_pass = _second_pass(template, device)
        likeness_model = load_likeness()
    with clock.stage("detect"):
        photo = load_photo(photo_path, lambda fraction: progress("detect", fraction / 2))
        face, face_count = _locate(photo, network, options, lambda fraction: progress("detect", (1 + fraction) / 2))
        crop = cut_square(photo, face.square, network.configuration.resolution)
    with clock.stage("network"):
        first = read_maps(predict_views(network, crop.pixels))
        progress("network", 0.3)
        show(lambda: mask_glimpse(crop.pixels, first))
        closer = second_pass.look(photo, face.square, first)
        progress("network", 0.6)
        maps = first if closer is None else closer.maps
        crop_to_photo = face.square.to_photo(len(maps.mask))
        maps = within(maps, inside_photo(crop_to_photo, photo.size, len(maps.mask)))
        progress("network", 0.7)
        # What makes a head likely was learnt from what the second pass sees.
        likeness = None if closer is None else estimate(closer.views, maps.confidence, likeness_model)
        progress("network", 0.8)
        fine = cut_square(photo, face.square, DETAIL_RESOLUTION).pixels
        seen = SeenFace(maps, crop_to_photo, photo.size, fine, encode_png(fine))
        show(lambda: surface_glimpse(seen.crop, maps))
    registration, target = register_template(seen, options.seed, likeness, clock)
    show(lambda: head_glimpse(seen.crop, maps, registration.vertices, template))
    pins = believable_pins(options.pins, seen, registration.vertices)
    with clock.stage("pins"):
        pinned = follow_pins(registration.vertices, target, seen, pins, options.detail_level, progress)
    report = _report(photo_path, photo, maps, face_count, registration, template, device)
    report = replace(report, second_pass=closer is not None)
    return complete(seen, registration.vertices, pinned, pins, options.detail_level, report, clock)


def _locate(photo: Photo, network: MapNetwork, options: Options, tell: Tell) -> tuple[FoundFace, int]:
    """Return the face to reconstruct and how many there are."""
    localiser = localiser_of(network)
    if options.face_box is not None:
        return localiser.find_in_box(photo, FaceBox(*options.face_box), tell), 1
    faces = faces_of(network, photo, tell)
    face = choose_face(faces, options.face)
    return face if face.studied else localiser.settle(photo, face.square, tell), len(faces)


def _second_pass(template: Template, device: torch.device) -> SecondPass:
    """What looks at a found face again."""
    network = load_network(CLOSE_NETWORK_WEIGHTS, device)
    return SecondPass(
        predict=partial(predict_views, network),
        input_size=network.configuration.resolution,
        landmarks=to_millimetres(template.canonical[template.landmarks_68]),
    )


def _report(
    photo_path: Path | str,
    photo: Photo,
    maps: FaceMaps,
    face_count: int,
    registration: Registration,
    template: Template,
    device: torch.device,
) -> Report:
    return Report(
        photo=Path(photo_path).name,
        photo_size=photo.size,
        faces_found=face_count,
        confidence=round(maps.confidence, 4),
        device=device.type,
        registration=RegistrationReport(
            iterations=registration.iterations,
            matches=registration.matches,
            median_distance_mm=round(registration.median_distance_mm, 4),
            converged=registration.converged,
        ),
        template=TemplateReport(template.version, len(template.vertices), len(template.faces)),
        versions={
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "torch": torch.__version__,
            "opencv": cv2.__version__,
        },
    )
