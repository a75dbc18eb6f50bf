"""What the network says about pictures of a scan, laid onto the scan: its canonical coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.camera import Camera
from ...exchange.maps import OPEN, FaceMaps
from ...geometry.mesh import triangulate, vertex_normals
from ...geometry.similarity import Similarity
from ...template import load_template
from ...template.canonical import ORIGIN
from ..network.maps import read_maps
from ..photo.localisation import Localiser
from ..photo.photo import Photo, Square, cut_square
from ..second_pass import SecondPass
from .head_search import camera_axes
from .scan import Scan
from .viewing import Picture, Viewpoint, take_picture

#: Side in pixels of the pictures that the network reads, how many millimetres they show, and from how far.
SIDE, WIDTH, DISTANCE = 512, 330.0, 1000.0
#: What stands behind a scan is as large as the mean head times this; its colour is that of the scan's points within so
#: many millimetres of the face's middle.
SHRINKAGE, SKIN_REACH = 0.93, 90.0
#: A vertex is seen if it lies no farther than this (mm) behind what the picture shows, and is turned to the camera by
#: more than this cosine.
BEHIND, LEAST_FACING = 2.0, 0.25


@dataclass(frozen=True)
class SeenView:
    """A picture of a scan, and what the network says about the face in it.

    Attributes
    ----------
    picture : Picture
    square : Square
        Of the picture, upright; what the maps show.
    maps : FaceMaps
        Their geometry, camera and pose are the network's guess.
    """

    picture: Picture
    square: Square
    maps: FaceMaps

    def moved(self, to_working: Similarity) -> "SeenView":
        """The same view of a scan whose coordinates were moved, but neither turned nor scaled."""
        viewpoint = self.picture.viewpoint
        pose = viewpoint.pose
        shifted = replace(pose, translation=pose.translation - pose.scale * pose.rotation @ to_working.translation)
        return replace(self, picture=replace(self.picture, viewpoint=replace(viewpoint, pose=shifted)))

    @property
    def camera(self) -> Camera:
        """From millimetres in the camera's axes to pixels of the maps: that of the picture."""
        camera, pixel = self.picture.viewpoint.camera, self.square.side / len(self.maps.mask)
        left, top = self.square.x - self.square.side / 2, self.square.y - self.square.side / 2
        centre = ((camera.centre[0] - left) / pixel, (camera.centre[1] - top) / pixel)
        return Camera(camera.scale / pixel, centre, camera.inverse_distance)


@dataclass(frozen=True)
class Reader:
    """Reads pictures of heads whose place is known.

    Attributes
    ----------
    localiser : Localiser
        The first network and how squares are laid around faces.
    second_pass : SecondPass
    """

    localiser: Localiser
    second_pass: SecondPass

    def look(self, scan: Scan, head: Similarity, yaw: float, pitch: float) -> SeenView | None:
        """Look at a head of a scan from a direction; None if the network sees no face.

        Parameters
        ----------
        scan : Scan
            In millimetres.
        head : Similarity
            From millimetres of the mean face to the scan.
        yaw, pitch : float
            Degrees by which the camera stands to the head's left and above it.
        """
        picture = take_picture(scan, viewpoint_of(head, yaw, pitch), usual_head(scan, head))
        pixels, _depth = picture.viewpoint.project(head.apply(self.localiser.landmarks))
        return self.read(picture, self._square_around(pixels))

    def read(self, picture: Picture, square: Square) -> SeenView | None:
        """What the network says about an upright square of a picture; None if it sees no face there."""
        photo = Photo("scan", picture.pixels)
        try:
            first = read_maps(self.localiser.predict(cut_square(photo, square, self.localiser.resolution).pixels))
        except FaceNotFoundError:
            return None
        closer = self.second_pass.look(photo, square, first)
        return SeenView(picture, square, first if closer is None else closer.maps)

    def _square_around(self, landmarks: NDArray[np.float64]) -> Square:
        lower, upper = landmarks.min(axis=0), landmarks.max(axis=0)
        parameters = self.localiser.parameters
        side = float((upper - lower).max()) * parameters.enlargement
        x, y = (lower + upper) / 2
        return Square(float(x), float(y) - parameters.rise * side, side)


def usual_head(scan: Scan, head: Similarity) -> Scan:
    """The mean head at the place of a scanned one, a bit smaller: what shows through holes and beyond borders.

    A face that ends at the brows would otherwise be taken for one whose forehead ends there.
    """
    template = load_template()
    centre = template.vertices.mean(axis=0)
    vertices = head.apply(centre + SHRINKAGE * (template.vertices - centre))
    triangles = triangulate(template.faces)
    if not scan.is_coloured:
        return Scan(vertices, triangles)
    colours = scan.with_vertex_colours().colours
    assert colours is not None
    near = np.linalg.norm(scan.vertices - head.apply(ORIGIN[None])[0], axis=1) < SKIN_REACH * head.scale
    skin = np.median(colours[near] if near.any() else colours, axis=0)
    light = 0.45 + 0.55 * np.clip(vertex_normals(template.vertices, triangles)[:, 2], 0, 1)
    return Scan(vertices, triangles, np.clip(np.outer(light, skin) * 1.15, 0, 255).astype(np.uint8))


def viewpoint_of(head: Similarity, yaw: float, pitch: float) -> Viewpoint:
    """A camera before a head, as `Reader.look` describes."""
    across, upwards = np.radians([yaw, pitch])
    towards = np.array([np.sin(across) * np.cos(upwards), np.sin(upwards), np.cos(across) * np.cos(upwards)])
    rotation = camera_axes(head.rotation @ towards, head.rotation[:, 1])
    centre = head.apply(np.array([[0.0, 10.0, 60.0]]))[0]
    pose = Similarity(1.0, rotation, -rotation @ centre)
    camera = Camera(SIDE / (WIDTH * head.scale), (SIDE / 2, SIDE / 2), 1 / (DISTANCE * head.scale))
    return Viewpoint(pose, camera, (SIDE, SIDE))


def canonical_of(scan: Scan, views: Sequence[SeenView]) -> NDArray[np.float64]:
    """Canonical coordinates (n, 3) of a scan's vertices, the mean of what the views that see them say; NaN elsewhere.

    Views count by their confidence and by how much a vertex is turned towards them.
    """
    total, weight = np.zeros(scan.vertices.shape), np.zeros(len(scan.vertices))
    normals = scan.normals()
    for view in views:
        seen, said = _said_of(scan.vertices, normals, view)
        counts = view.maps.confidence**2 * seen[seen > 0] ** 2
        total[seen > 0] += counts[:, None] * said[seen > 0]
        weight[seen > 0] += counts
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / np.where(weight > 0, weight, np.nan)[:, None]


def with_true_geometry(view: SeenView, head: Similarity) -> FaceMaps:
    """The maps of a view with the scan's own surface instead of the network's guess, and the head's own pose."""
    maps, camera = view.maps, view.camera
    rows, columns = np.indices(maps.mask.shape)
    pixels = np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5
    depth = _sampled(view.picture.depth, _to_picture(view, pixels)).reshape(maps.mask.shape)
    mask = maps.mask & np.isfinite(depth)
    geometry = camera.unproject(pixels, np.nan_to_num(depth.ravel())).reshape(*mask.shape, 3)
    pose = view.picture.viewpoint.pose
    return replace(
        maps,
        mask=mask,
        opening=np.where(mask, maps.opening, np.float32(0)),
        correspondence=np.where(mask[..., None], maps.correspondence, np.float32(np.nan)),
        geometry=np.where(mask[..., None], geometry, np.nan).astype(np.float32),
        camera=camera,
        head_pose=Similarity(1.0, pose.rotation @ head.rotation, pose.apply(head.translation[None])[0]),
    )


def _said_of(
    vertices: NDArray[np.float64], normals: NDArray[np.float64], view: SeenView
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How well a view sees vertices (n,), 0 to 1, and which canonical coordinates (n, 3) it says that they have."""
    viewpoint, maps = view.picture.viewpoint, view.maps
    pixels, depth = viewpoint.project(vertices)
    placed = viewpoint.pose.apply(vertices)
    sight = np.array([0.0, 0.0, 1 / viewpoint.camera.inverse_distance]) - placed
    turned = normals @ viewpoint.pose.rotation.T
    facing = np.einsum("ij,ij->i", turned, sight) / np.linalg.norm(sight, axis=1)
    shown = _sampled(view.picture.depth, pixels)
    pixel = view.square.side / len(maps.mask)
    own = (pixels - (view.square.x - view.square.side / 2, view.square.y - view.square.side / 2)) / pixel
    skin = maps.mask & (maps.opening < OPEN)
    said = _sampled(np.where(skin[..., None], maps.correspondence, np.float32(np.nan)), own)
    with np.errstate(invalid="ignore"):
        seen = (
            (depth > shown - BEHIND * viewpoint.camera.inverse_distance**-1 / DISTANCE)
            & (facing > LEAST_FACING)
            & np.isfinite(said).all(axis=1)
        )
    return np.where(seen, np.clip(facing, 0, 1), 0.0), said


def _to_picture(view: SeenView, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels (n, 2) of the picture of pixels (n, 2) of the maps."""
    to_picture = view.square.to_photo(len(view.maps.mask))
    moved: NDArray[np.float64] = pixels @ to_picture[:, :2].T + to_picture[:, 2]
    return moved


def _sampled(image: NDArray[np.floating], pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """An image (h, w, ...) at pixels (n, 2), bilinear; NaN where a pixel that counts is, and outside."""
    # OpenCV's images have no more than 32767 rows: points that are many are laid out in a square.
    count = len(pixels)
    side = max(1, int(np.ceil(np.sqrt(count))))
    places = np.full((side * side, 2), -10.0, dtype=np.float32)
    places[:count] = np.clip(pixels - 0.5, -10, 1e5)
    grid = places.reshape(side, side, 2)
    sampled = cv2.remap(
        image.astype(np.float32),
        grid[..., 0],
        grid[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(float("nan"),) * 4,
    )
    return sampled.reshape(side * side, *image.shape[2:])[:count].astype(np.float64)
