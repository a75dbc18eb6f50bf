"""What photos from different sides show of the same skin, compared with each other, corrects the head and its poses.

Each photo's network errs, and all err alike; where two photos show the same freckle, nobody has to guess. One photo is
drawn as another would show it if the head were right, and how the picture flows from there to the photo itself tells
how wrong head and poses are: what moves along the line on which a nearer or farther point would move is depth, and
what all points do together is the pose. Photos in other light, with another expression or of too little sharpness are
not alike there, and change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ...exchange.camera import Camera
from ...exchange.progress import Pause, no_pause
from ...geometry.extension import SmoothExtension
from ...geometry.mesh import normalise, triangulate, vertex_normals
from ...geometry.raster import interpolate, rasterise
from ...geometry.similarity import Similarity
from ...template import load_template
from ..photo.sampling import LUMA, look_up, seen_in_buffer
from .evidence import Array, sightlines

#: Turns and sizes are measured by how many millimetres they move what is so far from the middle of the face.
RADIUS = 60.0
#: Vertices that are seen less well (0 to 1) are not compared, and pixels at which the other photo sees less well.
LEAST_SHARE, LEAST_PIXEL_SHARE = 0.2, 0.3


@dataclass(frozen=True)
class ParallaxParameters:
    """How photos are compared; lengths in millimetres, found with the scan and some rendered people of the benchmark.

    Attributes
    ----------
    side : int
        Pixels of the pictures that are compared.
    least_angle, greatest_angle : float
        Degrees between the directions from which two photos are compared.
    most : int
        So many photos are compared at most, those that see the head from the most different sides.
    neighbours : int
        With so many others each photo is compared, those first that see the head `best_angle` degrees from it.
    best_angle : float
    contrast_size, window : float
        Pictures are compared without what is larger than this, and alike or not over this length.
    least_likeness : float
        The correlation from which on a place counts.
    outlier_pixels, off_pixels, outlier_depth : float
        Places count half if they move so far against what poses explain, so far off the line of depth, or if photos say
        depths that differ by so much.
    prior : float
        Where the photos say as much together, the head goes half of the way: the sum over the comparisons of how sure
        they are, each times the square of how far a point moves across when it comes nearer.
    stiffness : float
        How much poses stay as they are, against places that are alike.
    smoothing, reach : float
        As of `SmoothExtension`.
    rounds : int
    """

    side: int = 384
    least_angle: float = 8.0
    greatest_angle: float = 50.0
    most: int = 6
    neighbours: int = 2
    best_angle: float = 25.0
    contrast_size: float = 4.0
    window: float = 3.0
    least_likeness: float = 0.5
    outlier_pixels: float = 1.0
    off_pixels: float = 0.5
    outlier_depth: float = 1.0
    prior: float = 3.0
    stiffness: float = 0.02
    smoothing: float = 4.0
    reach: float = 30.0
    rounds: int = 2


@dataclass(frozen=True)
class Shot:
    """A photo of the head.

    Attributes
    ----------
    crop : (S, S, 3) uint8
    camera : Camera
        To the pixels of `mask`, which lies over the same square.
    mask : (h, w) bool
        Where the photo shows the face.
    pose : Similarity
        From the head's frame to the camera's axes.
    worn : (n, 3)
        What the photo's expression adds to the head's vertices, in the camera's axes.
    """

    crop: NDArray[np.uint8]
    camera: Camera
    mask: NDArray[np.bool_]
    pose: Similarity
    worn: Array


@dataclass(frozen=True)
class _Seen:
    """A head as a shot shows it.

    Attributes
    ----------
    pixels : (n, 2)
        Where its vertices are.
    shares : (n,)
        How well each is seen.
    triangles : (m, 3)
        Those of the face that are turned to the camera.
    triangle, barycentric
        As `rasterise` gives them for these.
    motion : (n, 2, 3)
        How its pixels move with the vertices in the head's frame.
    rays : (n, 3)
        Unit vectors towards the camera in the head's frame.
    scale : float
        Pixels per millimetre of the head.
    """

    pixels: Array
    shares: Array
    triangles: NDArray[np.int64]
    triangle: NDArray[np.int32]
    barycentric: Array
    motion: Array
    rays: Array
    scale: float


@dataclass(frozen=True)
class _Flow:
    """What two shots say of each other.

    Attributes
    ----------
    base, other : int
        The shots. What the first shows at a vertex is looked for in the second.
    moved : (n, 2)
        How many pixels it is found there beside the vertex.
    trust : (n,)
        How sure that is.
    common : int
        How many vertices both show, alike or not.
    """

    base: int
    other: int
    moved: Array
    trust: Array
    common: int


def correct_by_parallax(
    head: Array,
    shots: Sequence[Shot],
    parameters: ParallaxParameters = ParallaxParameters(),
    pause: Pause = no_pause,
) -> tuple[Array, list[Similarity]]:
    """The head (n, 3) and the shots' poses, corrected by what the shots show.

    Both stay as they are where no two shots are alike.
    """
    poses = [shot.pose for shot in shots]
    chosen = _most_different(poses, parameters.most)
    compared = [shots[index] for index in chosen]
    pairs = _pairs([shot.pose for shot in compared], parameters)
    pictures = [_picture(shot, parameters) for shot in compared] if pairs else []
    for _round in range(parameters.rounds if pairs else 0):
        seen = []
        for shot, picture in zip(compared, pictures, strict=True):
            pause()
            seen.append(_look(head, shot, len(picture)))
        flows = []
        for base, other in pairs:
            pause()
            moved, trust = _flow(seen[base], seen[other], pictures[base], pictures[other], parameters)
            common = (seen[base].shares > LEAST_SHARE) & (seen[other].shares > LEAST_SHARE)
            if (trust * common).any():
                flows.append(_Flow(base, other, moved, trust * common, int(common.sum())))
        if not flows:
            break
        steps, flows = _poses(head, flows, seen, parameters)
        pause()
        head = _nearer(head, *_depths(head, flows, seen, parameters), parameters, pause)
        compared = [replace(shot, pose=shot.pose.after(step)) for shot, step in zip(compared, steps, strict=True)]
    for index, shot in zip(chosen, compared, strict=True):
        poses[index] = shot.pose
    return head, poses


def _most_different(poses: Sequence[Similarity], most: int) -> list[int]:
    """Those that see the head from the most different directions, the first one always."""
    angles, chosen = _angles(poses), [0]
    while len(chosen) < min(most, len(poses)):
        chosen.append(int(angles[chosen].min(axis=0).argmax()))
    return sorted(set(chosen))


def _pairs(poses: Sequence[Similarity], parameters: ParallaxParameters) -> list[tuple[int, int]]:
    """Which shots are compared with which; each pair both ways, since either is asked where it sees."""
    angles = _angles(poses)
    usable = (angles >= parameters.least_angle) & (angles <= parameters.greatest_angle)
    pairs = set()
    for index, row in enumerate(np.where(usable, np.abs(angles - parameters.best_angle), np.inf)):
        for other in np.argsort(row, kind="stable")[: parameters.neighbours]:
            if np.isfinite(row[other]):
                pairs |= {(index, int(other)), (int(other), index)}
    return sorted(pairs)


def _angles(poses: Sequence[Similarity]) -> Array:
    """Degrees (k, k) between the directions from which the head is seen."""
    towards = np.array([pose.rotation[2] for pose in poses])
    angles: Array = np.degrees(np.arccos(np.clip(towards @ towards.T, -1, 1)))
    return angles


def _picture(shot: Shot, parameters: ParallaxParameters) -> NDArray[np.uint8]:
    """The shot's contrasts: brightness against its mean around, by how much it varies there."""
    side = min(parameters.side, len(shot.crop))
    small = cv2.resize(shot.crop, (side, side), interpolation=cv2.INTER_AREA)
    grey = small.astype(np.float32) @ LUMA.astype(np.float32)
    radius = parameters.contrast_size * shot.camera.scale * side / len(shot.mask)
    mean = cv2.GaussianBlur(grey, (0, 0), radius)
    deviation = np.sqrt(np.maximum(cv2.GaussianBlur(grey * grey, (0, 0), radius) - mean * mean, 0))
    return np.clip(128 + 32 * (grey - mean) / (deviation + 3.0), 0, 255).astype(np.uint8)


@cache
def _face_triangles() -> NDArray[np.int64]:
    """The triangles (m, 3) of the template's face."""
    template = load_template()
    triangles = triangulate(template.faces)
    return triangles[(template.groups["face"][triangles] > 0).all(axis=1)].astype(np.int64)


def _look(head: Array, shot: Shot, side: int) -> _Seen:
    """The head as a shot shows it, in a picture of so many pixels along each side."""
    template, pose = load_template(), shot.pose
    camera = shot.camera.resized(side / len(shot.mask))
    points = pose.apply(head) + shot.worn
    pixels = camera.project(points)
    triangles = _face_triangles()
    one, two = (pixels[triangles[:, corner]] - pixels[triangles[:, 0]] for corner in (1, 2))
    triangles = triangles[one[:, 0] * two[:, 1] < one[:, 1] * two[:, 0]]
    triangle, barycentric = rasterise(pixels, points[:, 2], triangles, (side, side))
    depth = interpolate(points[:, 2], triangles, triangle, barycentric)
    normals = vertex_normals(points, template.faces)
    shares = seen_in_buffer(points, normals, camera, (side, side), depth, shot.mask) * template.groups["face"]
    motion = _motion(camera, points) @ (pose.scale * pose.rotation)
    scale = camera.scale * pose.scale
    rays = sightlines(camera, points) @ pose.rotation
    return _Seen(pixels, shares, triangles, triangle, barycentric, motion, rays, scale)


def _motion(camera: Camera, points: Array) -> Array:
    """How (n, 2, 3) the pixels of points (n, 3) move with them."""
    magnification = camera.scale / (1.0 - points[:, 2] * camera.inverse_distance)
    along = magnification**2 / camera.scale * camera.inverse_distance
    motion = np.zeros((len(points), 2, 3))
    motion[:, 0, 0], motion[:, 0, 2] = magnification, along * points[:, 0]
    motion[:, 1, 1], motion[:, 1, 2] = -magnification, -along * points[:, 1]
    return motion


def _flow(
    base: _Seen, other: _Seen, picture: NDArray[np.uint8], others: NDArray[np.uint8], parameters: ParallaxParameters
) -> tuple[Array, Array]:
    """How far (n, 2) the other shot shows the vertices beside where they should be, and how sure that is (n,)."""
    places = np.column_stack([other.pixels - 0.5, other.shares])
    drawn = interpolate(places, base.triangles, base.triangle, base.barycentric)
    shown = drawn[..., 2] > LEAST_PIXEL_SHARE
    x, y = (np.where(shown, drawn[..., axis], -1.0).astype(np.float32) for axis in (0, 1))
    one = np.where(shown, picture, 128).astype(np.uint8)
    two = np.where(shown, cv2.remap(others, x, y, cv2.INTER_LINEAR), 128).astype(np.uint8)
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(one, two, None)
    down, across = np.indices(one.shape, dtype=np.float32)
    to = across + flow[..., 0], down + flow[..., 1]
    likeness = _likeness(one, cv2.remap(two, *to, cv2.INTER_LINEAR), shown, parameters.window * base.scale)
    moved = [cv2.remap(each, *to, cv2.INTER_LINEAR) - each for each in (x, y)]
    inside = cv2.erode(shown.astype(np.float32), np.ones((5, 5), np.uint8))
    column, row = (base.pixels - 0.5).astype(np.float32).T
    found = look_up(np.dstack([*moved, likeness, inside]), column, row).astype(np.float64)
    least = parameters.least_likeness
    trust: Array = np.where(found[:, 3] > 0.99, np.clip((found[:, 2] - least) / (1 - least), 0, 1), 0.0)
    return found[:, :2], trust


def _likeness(
    one: NDArray[np.uint8], two: NDArray[np.uint8], shown: NDArray[np.bool_], radius: float
) -> NDArray[np.float32]:
    """The correlation of two pictures around each pixel."""
    first, second = ((each.astype(np.float32) - 128) * shown for each in (one, two))
    products = (first * second, first * first, second * second)
    both, first, second = (cv2.GaussianBlur(each, (0, 0), radius) for each in products)
    correlation: NDArray[np.float32] = both / np.sqrt(first * second + 1e-3)
    return correlation


def _poses(
    head: Array, flows: Sequence[_Flow], seen: Sequence[_Seen], parameters: ParallaxParameters
) -> tuple[list[Similarity], list[_Flow]]:
    """What is to be done with the head before each pose, so that the shots agree; also the flows without that.

    A point that one shot fixes moves in the other by the difference of their steps.
    """
    middle = head[load_template().groups["face"] > 0.5].mean(axis=0)
    arms = (head - middle) / RADIUS
    shifts = [np.broadcast_to(axis, head.shape) for axis in np.eye(3)]
    ways = np.stack([arms, *shifts, *(np.cross(axis, arms) for axis in np.eye(3))], axis=-1)
    effects = [each.motion @ ways for each in seen]
    trusts = [flow.trust for flow in flows]
    for _iteration in range(3):
        steps = _solved(flows, trusts, effects, seen, parameters.stiffness)
        left = [flow.moved - effects[flow.other] @ (steps[flow.other] - steps[flow.base]) for flow in flows]
        doubts = [1 + (each**2).sum(axis=1) / parameters.outlier_pixels**2 for each in left]
        trusts = [flow.trust / doubt for flow, doubt in zip(flows, doubts, strict=True)]
    rest = [replace(flow, moved=each) for flow, each in zip(flows, left, strict=True)]
    return [_step(each, middle) for each in steps], rest


def _solved(
    flows: Sequence[_Flow], trusts: Sequence[Array], effects: Sequence[Array], seen: Sequence[_Seen], stiffness: float
) -> Array:
    """The shots' steps (k, 7) that explain the flows best, in millimetres; together they turn and move nothing."""
    count = len(seen)
    matrix, right = np.zeros((count, 7, count, 7)), np.zeros((count, 7))
    for flow, trust in zip(flows, trusts, strict=True):
        base, other, some = flow.base, flow.other, trust > 0
        weights = np.sqrt(trust[some]) / seen[other].scale
        rows = (weights[:, None, None] * effects[other][some]).reshape(-1, 7)
        square, pull = rows.T @ rows, rows.T @ (weights[:, None] * flow.moved[some]).ravel()
        for one, two, sign in ((base, base, 1), (other, other, 1), (base, other, -1), (other, base, -1)):
            matrix[one, :, two] += sign * square
        right[other] += pull
        right[base] -= pull
    stiff = stiffness * float(np.mean([flow.common for flow in flows])) * np.eye(7 * count)
    steps: Array = np.linalg.solve(matrix.reshape(7 * count, -1) + stiff, right.ravel()).reshape(count, 7)
    return steps


def _nearer(head: Array, offsets: Array, trust: Array, parameters: ParallaxParameters, pause: Pause) -> Array:
    """The head, its surface moved outwards by offsets (n,), smoothly and as far as these are sure."""
    faces = load_template().faces
    share = trust / (trust + parameters.prior)
    smooth = parameters.smoothing, parameters.reach
    along = SmoothExtension(head, faces).extend(offsets[:, None], share, np.zeros(1), *smooth, pause)
    return head + along * _outwards(head)


def _outwards(head: Array) -> Array:
    """Unit vectors (n, 3) away from the head's upright axis.

    Along normals, lips that touch would part and lids would leave each other.
    """
    return normalise(head * (1.0, 0.0, 1.0))


def _step(lengths: Array, middle: Array) -> Similarity:
    """The similarity that moves points at `RADIUS` from the middle by lengths (7,): size, shifts, turns."""
    size = float(np.exp(lengths[0] / RADIUS))
    rotation = Rotation.from_rotvec(lengths[4:] / RADIUS).as_matrix()
    return Similarity(size, rotation, middle - size * rotation @ middle + lengths[1:4])


def _depths(
    head: Array, flows: Sequence[_Flow], seen: Sequence[_Seen], parameters: ParallaxParameters
) -> tuple[Array, Array]:
    """How far (n,) the surface is to be moved along `_outwards`, and how sure that is, see `prior`."""
    outwards = _outwards(head)
    offsets, trusts = [], []
    for flow in flows:
        base, other = seen[flow.base], seen[flow.other]
        line = np.einsum("nij,nj->ni", other.motion, base.rays)
        square = np.maximum((line**2).sum(axis=1), 1e-9)
        nearer = (flow.moved * line).sum(axis=1) / square
        off = flow.moved - nearer[:, None] * line
        sure = flow.trust / (1 + (off**2).sum(axis=1) / parameters.off_pixels**2)
        offsets.append(nearer * np.einsum("ij,ij->i", base.rays, outwards))
        trusts.append(sure * square / other.scale**2)
    said, trust = np.array(offsets), np.array(trusts)
    agreed = trust
    for _iteration in range(3):
        mean = (agreed * said).sum(axis=0) / np.maximum(agreed.sum(axis=0), 1e-9)
        agreed = trust / (1 + ((said - mean) / parameters.outlier_depth) ** 2)
    return mean, agreed.sum(axis=0)
