"""From a photo to a reconstruction: the stages in their order."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..errors import FaceNotFoundError
from ..exchange.glimpse import Show, show_nobody
from ..exchange.progress import Progress, StageClock, silent
from ..exchange.report import Report
from ..exchange.result import Reconstruction
from ..template import load_template
from .completion import FittedHead, complete
from .fitting import believable_pins, follow_pins, prepare, register_template
from .glimpses import head_glimpse, mask_glimpse, surface_glimpse
from .hidden import hidden_share
from .likeness.estimate import Likeness, estimate
from .likeness.model import load_likeness
from .network.device import choose_device
from .network.identity import IdentityNetwork, load_identity_network, read_identity
from .network.maps import read_maps, within
from .network.network import MapNetwork, load_network, predict_views
from .photo.background import Tell
from .photo.boxes import FaceBox
from .photo.face_search import faces_of, localiser_of
from .photo.localisation import FoundFace, choose_face, no_face_in
from .photo.photo import Photo, cut_square, encode_png, inside_photo
from .photo.reading import load_photo
from .registration.registration import Registration
from .reports import registration_report, template_report, versions
from .second_pass import CloserLook, SecondPass, load_second_pass
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


@dataclass(frozen=True)
class Networks:
    """What looks at photos: the device, the networks that find and read faces, look again, and say who it is."""

    device: torch.device
    first: MapNetwork
    second_pass: SecondPass
    identity: IdentityNetwork


@dataclass(frozen=True)
class Sight:
    """A photo's face as the networks have read it.

    Attributes
    ----------
    seen : SeenFace
    photo : str
        The file's name.
    faces : int
        How many faces the photo shows.
    second_pass : bool
        Whether the maps are those of the second look.
    likeness : Likeness, optional
        The person's likeliest head, if the second look tells it.
    """

    seen: SeenFace
    photo: str
    faces: int
    second_pass: bool
    likeness: Likeness | None


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
        networks = load_networks(options.device)
    sight = look(photo_path, networks, options, clock, show)
    seen = sight.seen
    registration, target, likeness = register_template(seen, options.seed, sight.likeness, clock)
    show(lambda: head_glimpse(seen.crop, seen.maps, registration.vertices, load_template()))
    pins = believable_pins(options.pins, seen, registration.vertices)
    pinned = registration.vertices
    if options.pins:  # an artist who has none is told of none
        with clock.stage("pins"):
            pinned = follow_pins(pinned, target, seen, pins, options.detail_level, progress)
    report = report_of(sight, registration, networks.device)
    head = FittedHead(seen, registration.vertices, pinned, pins, likeness)
    return complete(head, options.detail_level, report, clock)


def load_networks(device_name: str) -> Networks:
    """The networks on a device of `device.DEVICE_NAMES`."""
    device = choose_device(device_name)
    prepare()
    return Networks(device, load_network(device=device), load_second_pass(device), load_identity_network(device=device))


def look(
    photo_path: Path | str, networks: Networks, options: Options, clock: StageClock, show: Show = show_nobody
) -> Sight:
    """Find the face of a photo and have the networks read it.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if the photo or an option cannot be used.
    """
    progress, network = clock.progress, networks.first
    with clock.stage("detect"):
        photo = load_photo(photo_path, lambda fraction: progress("detect", fraction / 2))
        face, face_count = _locate(photo, network, options, lambda fraction: progress("detect", (1 + fraction) / 2))
        crop = cut_square(photo, face.square, network.configuration.resolution)
    with clock.stage("network"), ThreadPoolExecutor(1) as beside:
        fine = cut_square(photo, face.square, DETAIL_RESOLUTION).pixels
        png = beside.submit(encode_png, fine)
        first = read_maps(predict_views(network, crop.pixels))
        progress("network", 0.3)
        show(lambda: mask_glimpse(crop.pixels, first))
        closer = networks.second_pass.look(photo, face.square, first)
        progress("network", 0.6)
        maps = first if closer is None else closer.maps
        crop_to_photo = face.square.to_photo(len(maps.mask))
        maps = within(maps, inside_photo(crop_to_photo, photo.size, len(maps.mask)))
        progress("network", 0.7)
        # What makes a head likely was learnt from what the second pass sees.
        likeness = None if closer is None else _likeness(closer, maps.confidence, networks.identity)
        progress("network", 0.8)
        seen = SeenFace(maps, crop_to_photo, photo.size, fine, png.result())
        show(lambda: surface_glimpse(seen.crop, maps))
    return Sight(seen, Path(photo_path).name, face_count, closer is not None, likeness)


def _likeness(closer: CloserLook, confidence: float, network: IdentityNetwork) -> Likeness | None:
    return estimate(closer.views, read_identity(network, closer.pixels), confidence, load_likeness())


def _locate(photo: Photo, network: MapNetwork, options: Options, tell: Tell) -> tuple[FoundFace, int]:
    """Return the face to reconstruct and how many there are."""
    localiser = localiser_of(network)
    if options.face_box is not None:
        return localiser.find_in_box(photo, FaceBox(*options.face_box), tell), 1
    faces = faces_of(network, photo, tell)
    if not faces:
        raise FaceNotFoundError(no_face_in(photo))
    face = choose_face(faces, options.face)
    return face if face.studied else localiser.settle(photo, face.square, tell), len(faces)


def report_of(sight: Sight, registration: Registration, device: torch.device) -> Report:
    """What is known of a photo's face when it is registered."""
    return Report(
        photo=sight.photo,
        photo_size=sight.seen.photo_size,
        faces_found=sight.faces,
        confidence=round(sight.seen.maps.confidence, 4),
        second_pass=sight.second_pass,
        likeness=round(sight.likeness.strength, 4) if sight.likeness is not None else 0.0,
        hidden=round(hidden_share(sight.seen, registration.vertices), 4),
        device=device.type,
        registration=registration_report(registration),
        template=template_report(load_template()),
        versions=versions(),
    )
