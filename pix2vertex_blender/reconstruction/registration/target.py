"""The maps become the target mesh (pix2vertex, supplement B.1)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...errors import RegistrationError
from ...exchange.maps import OPEN, FaceMaps
from ...geometry.laplacian import corner_gathering
from ...geometry.mesh import normalise, triangle_normals
from ...template.canonical import SIZE

#: Edges that the target's resolution is judged by.
SAMPLED_EDGES = 20_000


@dataclass(frozen=True)
class TargetParameters:
    """How the maps are cleaned and connected. Lengths are in millimetres on a face of the mean face's size.

    Attributes
    ----------
    largest_jump : float
        Neighbouring pixels whose points lie farther apart belong to different parts of the face and are not connected.
    largest_slope : float
        Nor are pixels that lie farther apart in depth than this many pixels' width; the larger bound counts.
    outlier_distance : float
        A pixel whose correspondence lies farther than this from the median of its neighbours takes that median.
    smallest_part : float
        Connected parts with less than this share of the largest part's pixels are dropped.
    normal_radius : float
        The normals are averaged over about this radius, since the network's depth is rough.
    depth_smoothing : float
        Standard deviation of the Gaussian that takes the network's ripples out of the depth.
    trimmed_border : int
        Pixels at the mask's border that are left out: there the network mixes face and background.
    """

    largest_jump: float = 6.0
    largest_slope: float = 6.0
    outlier_distance: float = 5.0
    smallest_part: float = 0.05
    normal_radius: float = 1.5
    depth_smoothing: float = 2.0
    trimmed_border: int = 1


@dataclass(frozen=True)
class TargetMesh:
    """The seen part of the face as a triangle mesh with its correspondence.

    Attributes
    ----------
    vertices : (n, 3)
        Points in the units of the maps (millimetres).
    triangles : (m, 3)
    canonical : (n, 3)
        Canonical coordinates of each vertex.
    normals : (n, 3)
        Unit normals, averaged over a few millimetres.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.integer]
    canonical: NDArray[np.float64]
    normals: NDArray[np.float64]


def build_target(maps: FaceMaps, parameters: TargetParameters | None = None) -> TargetMesh:
    """Connect the known pixels of the maps: two triangles for each 2 x 2 block (supplement B.1).

    Parameters
    ----------
    maps : FaceMaps
    parameters : TargetParameters, optional

    Raises
    ------
    RegistrationError
        If no four neighbouring pixels are known.
    """
    parameters = parameters or TargetParameters()
    known = maps.mask & np.isfinite(maps.geometry).all(axis=-1) & np.isfinite(maps.correspondence).all(axis=-1)
    known = largest_parts(known, parameters.smallest_part)
    trimmed = (
        ndimage.binary_erosion(known, iterations=parameters.trimmed_border) if parameters.trimmed_border else known
    )
    # What the lips let through is no skin; the lips themselves are too narrow to be trimmed.
    known = (trimmed if trimmed.any() else known) & (maps.opening < OPEN)
    if not known.any():
        raise RegistrationError("The face's mask is empty: choose another photo or draw a face box around the face.")
    correspondence = replace_outliers(maps.correspondence, known, parameters.outlier_distance / SIZE)
    geometry = smooth_depth(maps, known, parameters.depth_smoothing)
    triangles = connect_pixels(geometry, known, parameters)
    if len(triangles) == 0:
        raise RegistrationError(
            "The visible part of the face is too small to make a mesh of; choose a photo that shows more of it."
        )
    used, triangles = np.unique(triangles, return_inverse=True)
    return make_target(
        geometry.reshape(-1, 3)[used],
        triangles.reshape(-1, 3),
        correspondence.reshape(-1, 3)[used],
        parameters,
    )


def make_target(
    vertices: NDArray[np.floating],
    triangles: NDArray[np.integer],
    canonical: NDArray[np.floating],
    parameters: TargetParameters | None = None,
) -> TargetMesh:
    """Check a mesh with canonical coordinates, drop vertices without triangles and give it normals.

    Raises
    ------
    RegistrationError
        If shapes disagree, a coordinate is not finite, or two vertices coincide; the message names the first.
    """
    parameters = parameters or TargetParameters()
    vertices = np.ascontiguousarray(vertices, dtype=np.float64)
    canonical = np.ascontiguousarray(canonical, dtype=np.float64)
    triangles = np.ascontiguousarray(triangles, dtype=np.int32)
    _check(vertices, triangles, canonical)
    used = np.zeros(len(vertices), dtype=bool)
    used[triangles] = True
    if not used.all():
        vertices, canonical = vertices[used], canonical[used]
        triangles = (np.cumsum(used, dtype=np.int32) - 1)[triangles]
    return TargetMesh(
        vertices,
        triangles,
        canonical,
        averaged_normals(vertices, triangles, canonical, parameters.normal_radius / SIZE),
    )


def largest_parts(mask: NDArray[np.bool_], smallest_share: float) -> NDArray[np.bool_]:
    """Keep the connected parts of a mask (H, W) that have at least a share of the largest part's pixels."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return np.zeros_like(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes >= smallest_share * sizes.max())[labels] & mask


def replace_outliers(
    correspondence: NDArray[np.floating], known: NDArray[np.bool_], largest_distance: float
) -> NDArray[np.float64]:
    """Give pixels whose correspondence (H, W, 3) contradicts their 5 x 5 neighbours the median of those neighbours."""
    filled = np.where(known[..., None], correspondence, np.nan).astype(np.float64)
    padded = np.pad(filled, ((2, 2), (2, 2), (0, 0)), constant_values=np.nan)
    # A first look at the 3 x 3 cross finds the few pixels worth a full median.
    cross = np.stack([padded[2 + dy : 2 + dy + len(known), 2 + dx : 2 + dx + known.shape[1]] for dy, dx in _CROSS])
    with np.errstate(invalid="ignore"):
        suspicious = (np.linalg.norm(cross - filled, axis=-1) > largest_distance / 2).any(axis=0) & known
    rows, columns = np.nonzero(suspicious)
    if len(rows) == 0:
        return filled
    window = np.arange(5)
    around = padded[rows[:, None, None] + window[:, None], columns[:, None, None] + window].reshape(len(rows), 25, 3)
    median = np.nanmedian(around, axis=1)
    wrong = np.linalg.norm(filled[rows, columns] - median, axis=-1) > largest_distance
    filled[rows[wrong], columns[wrong]] = median[wrong]
    return filled


_CROSS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def smooth_depth(maps: FaceMaps, known: NDArray[np.bool_], deviation: float) -> NDArray[np.float64]:
    """Geometry (H, W, 3) whose depth is averaged over known pixels with a Gaussian of `deviation` millimetres.

    The points stay on the rays of their pixels.
    """
    points = np.where(known[..., None], maps.geometry, np.nan).astype(np.float64)
    width = deviation * maps.camera.scale
    if width < 0.3:
        return points
    weight = ndimage.gaussian_filter(known.astype(np.float64), width)
    # Smoothing the distance from a plane through the points leaves slopes and borders as they are.
    rows, columns = np.nonzero(known)
    plane = np.column_stack([rows, columns, np.ones(len(rows))])
    slope = np.linalg.lstsq(plane, points[known][:, 2], rcond=None)[0]
    offset = np.zeros(known.shape)
    offset[known] = points[known][:, 2] - plane @ slope
    smooth = ndimage.gaussian_filter(offset, width)[known] / weight[known]
    points[known] = maps.camera.unproject(np.column_stack([columns, rows]) + 0.5, smooth + plane @ slope)
    return points


def connect_pixels(
    geometry: NDArray[np.floating], known: NDArray[np.bool_], parameters: TargetParameters
) -> NDArray[np.int64]:
    """Triangles (m, 3) over pixel indices (row * W + column) of blocks of four known pixels without a jump in depth.

    Anticlockwise as the camera sees them; image rows run downwards.
    """
    points = np.asarray(geometry, dtype=np.float64)
    index = np.arange(known.size).reshape(known.shape)
    block = known[:-1, :-1] & known[:-1, 1:] & known[1:, :-1] & known[1:, 1:]
    depth = np.where(known, points[..., 2], 0.0)
    corners = np.stack([depth[:-1, :-1], depth[:-1, 1:], depth[1:, :-1], depth[1:, 1:]])
    width = np.nanmedian(np.abs(np.diff(points[..., 0], axis=1))) if block.any() else 0.0
    block &= np.ptp(corners, axis=0) <= max(parameters.largest_jump, parameters.largest_slope * width)
    upper_left, upper_right = index[:-1, :-1][block], index[:-1, 1:][block]
    lower_left, lower_right = index[1:, :-1][block], index[1:, 1:][block]
    return np.stack(
        [
            np.column_stack([upper_left, lower_left, upper_right]),
            np.column_stack([upper_right, lower_left, lower_right]),
        ],
        axis=1,
    ).reshape(-1, 3)


def averaged_normals(
    vertices: NDArray[np.float64], triangles: NDArray[np.integer], canonical: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """Unit vertex normals (n, 3), averaged over about `radius`, a length on the canonical face.

    Measuring the radius there makes the result independent of the target's resolution and units.
    """
    gather = corner_gathering(triangles, len(vertices))
    incidence = gather.T.tocsr()
    face_normals = triangle_normals(vertices, triangles).astype(np.float32)
    areas = np.sqrt(np.einsum("ij,ij->i", face_normals, face_normals))[:, None]
    some = triangles[:: max(1, len(triangles) // SAMPLED_EDGES)]
    edge = np.median(np.linalg.norm(canonical[some[:, 0]] - canonical[some[:, 1]], axis=1))
    normals = normalise(incidence @ face_normals).astype(np.float32)
    # One pass averages over the triangles around a vertex, whose spread is 0.8 edges; variances add.
    passes = int(np.clip(np.rint((radius / max(edge, 1e-9) / 0.8) ** 2 / 2), 0, 8))
    for _ in range(passes):
        normals = incidence @ (areas * (gather @ normals))
        normals /= np.maximum(np.sqrt(np.einsum("ij,ij->i", normals, normals)), 1e-30)[:, None]
    return normals.astype(np.float64)


def _check(vertices: NDArray[np.float64], triangles: NDArray[np.integer], canonical: NDArray[np.float64]) -> None:
    if vertices.ndim != 2 or vertices.shape[1] != 3 or canonical.shape != vertices.shape:
        raise RegistrationError(
            f"The target's vertices and canonical coordinates must both have shape (n, 3), not {vertices.shape} and "
            f"{canonical.shape}."
        )
    if triangles.ndim != 2 or triangles.shape[1] != 3 or len(triangles) == 0:
        raise RegistrationError(f"The target's triangles must have shape (m, 3) with m > 0, not {triangles.shape}.")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise RegistrationError("A triangle of the target refers to a vertex that does not exist.")
    if not (np.isfinite(vertices).all() and np.isfinite(canonical).all()):
        finite = np.isfinite(vertices).all(axis=1) & np.isfinite(canonical).all(axis=1)
        raise RegistrationError(
            f"Vertex {int(np.flatnonzero(~finite)[0])} of the target has a coordinate that is not a number."
        )
    # Sorting by one projection brings equal points together without sorting rows.
    projections = vertices @ np.array([1.0, np.sqrt(2.0), np.sqrt(3.0)])
    order = np.argsort(projections)
    candidates = np.flatnonzero(np.diff(projections[order]) == 0)
    same = candidates[(vertices[order[candidates]] == vertices[order[candidates + 1]]).all(axis=1)]
    if len(same):
        one, other = sorted((int(order[same[0]]), int(order[same[0] + 1])))
        raise RegistrationError(f"Vertices {one} and {other} of the target are at the same place.")
