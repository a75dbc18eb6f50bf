"""From a scan to our head on it: the stages in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from ...errors import FaceNotFoundError
from ...exchange.progress import Progress, StageClock, silent
from ...exchange.wrap_report import AUTOMATIC
from ..network.device import choose_device
from ..network.network import load_network
from ..photo.face_search import find_faces, localiser_of
from ..photo.photo import Photo
from ..second_pass import load_second_pass
from .correspondence import Reader, SeenView, with_true_geometry
from .depth_photo import DepthPhoto
from .head_part import HeadPart
from .head_search import NO_FACE, find_head, pose_of, read_head
from .results import WrappedHead, finished
from .scan import Scan, checked_scan
from .template_fit import fit_template

#: Degrees to the head's left from which it is looked at.
YAWS = (-35.0, 0.0, 35.0)
#: Views of lower confidence say nothing.
LEAST_CONFIDENCE = 0.6


@dataclass(frozen=True)
class WrapOptions:
    """What a user can choose.

    Attributes
    ----------
    device : str
        A name of `device.DEVICE_NAMES`.
    detail_level : int
        Subdivision level of the result, 0 to 3.
    seed : int
        Of the random choices.
    unit : str
        The scan's unit, a name of `exchange.wrap_report.UNITS`, or `auto`: found from the head's size.
    """

    device: str = "auto"
    detail_level: int = 2
    seed: int = 0
    unit: str = AUTOMATIC


def wrap_mesh(scan: Scan, options: WrapOptions = WrapOptions(), progress: Progress = silent) -> WrappedHead:
    """Lay our head over the head of a scanned mesh.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if the scan or an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    clock = StageClock(progress)
    with clock.stage("start"):
        reader = _reader(options.device)
        checked = checked_scan(scan)
    with clock.stage("detect"):
        found = find_head(checked, reader.localiser, partial(progress, "detect", 0.5))
        part = HeadPart.around(checked, found, options.unit)
    with clock.stage("network"):
        views = _looks(part, reader, YAWS, progress)
    return _wrapped(scan, part, views, options, clock)


def wrap_depth_photo(
    photo: DepthPhoto, options: WrapOptions = WrapOptions(), progress: Progress = silent
) -> WrappedHead:
    """Lay our head over the surface that a depth photo shows, read in its own colours. Its unit is the millimetre.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if the photo or an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    clock = StageClock(progress)
    with clock.stage("start"):
        reader = _reader(options.device)
        scan, picture = photo.surface(), photo.picture()
        checked = checked_scan(scan)
    with clock.stage("detect"):
        pixels = Photo("photo", picture.pixels)
        faces = find_faces(reader.localiser, pixels, lambda fraction: progress("detect", fraction))
        found = read_head(picture, faces[0].square, reader.localiser) if faces else None
        if found is None:
            raise FaceNotFoundError(NO_FACE)
        part = HeadPart.around(checked, replace(found, inside_out=False), "mm")
    with clock.stage("network"):
        # Where the face lies on its side in the photo, it is looked at as that of a mesh.
        own = reader.read(picture, faces[0].square) if faces[0].square.turn == 0 else None
        if own is None or own.maps.confidence < LEAST_CONFIDENCE:
            views = _looks(part, reader, YAWS, progress)
        else:
            # The network errs differently in a picture from the front.
            views = [own.moved(part.from_scan), *_looks(part, reader, (0.0,), progress)]
    return _wrapped(scan, part, views, options, clock)


def _reader(device_name: str) -> Reader:
    device = choose_device(device_name)
    return Reader(localiser_of(load_network(device=device)), load_second_pass(device))


def _looks(part: HeadPart, reader: Reader, yaws: Sequence[float], progress: Progress) -> list[SeenView]:
    """The views of a head that say something, first from the front, which tells better how the head is turned."""
    head, views = part.head, []
    for number, yaw in enumerate(sorted(yaws, key=abs)):
        progress("network", number / len(yaws))
        view = reader.look(part.scan, head, yaw, 0.0)
        if view is None or view.maps.confidence < LEAST_CONFIDENCE:
            continue
        views.append(view)
        if number == 0:
            head = pose_of(view.picture, view.square, view.maps) or head
    if not views and len(yaws) > 1:
        raise FaceNotFoundError(NO_FACE)
    return views


def _wrapped(
    scan: Scan, part: HeadPart, views: Sequence[SeenView], options: WrapOptions, clock: StageClock
) -> WrappedHead:
    maps = with_true_geometry(views[0], part.head)
    fit = fit_template(part.scan, views, maps, options.seed, clock)
    return finished(scan, part, views, fit, options.detail_level, options.device, clock)
