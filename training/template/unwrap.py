"""Flatten the head into islands without overlap: Tutte's embedding, then scalable locally injective mappings.

SLIM is Rabinovich, Poranne, Panozzo and Sorkine-Hornung, "Scalable Locally Injective Mappings" (2017), here with the
symmetric Dirichlet energy.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from .surface import border_loops

Points = NDArray[np.float64]
Indices = NDArray[np.int64]


FAN_HEIGHT, FAN_WEIGHT = 4.0, 0.02


@dataclass(frozen=True)
class Cut:
    """A mesh opened along seams: `corners` (m, 4) index the cut vertices, `vertex` (c,) tells whose copies they are."""

    corners: Indices
    vertex: Indices


def cut(faces: Indices, seams: set[tuple[int, int]]) -> Cut:
    """Open a mesh of quads along seam edges (given with the smaller vertex first)."""
    corner_ids = np.arange(faces.size).reshape(faces.shape)
    open_edges: dict[tuple[int, int], tuple[int, int]] = {}
    pairs: list[tuple[int, int]] = []
    for face, ids in zip(faces, corner_ids, strict=True):
        for i in range(4):
            a, b = int(face[i]), int(face[(i + 1) % 4])
            here = (int(ids[i]), int(ids[(i + 1) % 4])) if a < b else (int(ids[(i + 1) % 4]), int(ids[i]))
            edge = (min(a, b), max(a, b))
            if edge in seams:
                continue
            if edge in open_edges:
                pairs.extend(zip(here, open_edges.pop(edge), strict=True))
            else:
                open_edges[edge] = here
    links = np.array(pairs)
    graph = sparse.coo_matrix((np.ones(len(links)), links.T), (faces.size, faces.size))
    count, label = connected_components(graph, directed=False)
    vertex = np.zeros(count, dtype=np.int64)
    vertex[label] = faces.ravel()
    return Cut(label.reshape(faces.shape).astype(np.int64), vertex)


def islands(corners: Indices) -> list[Indices]:
    """Rows (k,) of the faces (m, 4) of each connected island, the largest first."""
    count = int(corners.max()) + 1
    edges = np.stack([corners, np.roll(corners, -1, axis=1)], axis=-1).reshape(-1, 2)
    graph = sparse.coo_matrix((np.ones(len(edges)), edges.T), (count, count))
    label = connected_components(graph, directed=False)[1][corners[:, 0]]
    rows = [np.flatnonzero(label == number) for number in np.unique(label)]
    return sorted(rows, key=lambda group: (-len(group), int(group[0])))


def both_diagonals(quads: Indices) -> Indices:
    """The four triangles (4m, 3) of the two ways to split each quad, so that neither diagonal is preferred."""
    splits = ([0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3])
    return np.concatenate([quads[:, split] for split in splits])


def tutte(quads: Indices, points: Points, count: int) -> Points:
    """Embed an island in the unit disk (count, 2); all borders but the longest are closed by a vertex in the middle."""
    loops = border_loops(quads)
    lengths = [np.linalg.norm(points[loop] - points[np.roll(loop, -1)], axis=1) for loop in loops]
    outer = max(range(len(loops)), key=lambda number: lengths[number].sum())
    edges = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2).tolist()
    total = count
    for number, loop in enumerate(loops):
        if number != outer:
            edges += [(total, vertex) for vertex in loop]
            total += 1
    links = np.array(edges)
    ones = np.ones(len(links))
    graph = sparse.coo_matrix((ones, links.T), (total, total))
    graph = ((graph + graph.T) > 0).astype(np.float64).tocsr()
    laplacian = (sparse.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph).tocsr()
    rim = np.array(loops[outer])
    angles = 2 * np.pi * np.concatenate([[0], np.cumsum(lengths[outer])[:-1]]) / lengths[outer].sum()
    places = np.zeros((total, 2))
    places[rim] = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    inside = np.setdiff1d(np.arange(total), rim)
    right = -laplacian[inside][:, rim] @ places[rim]
    places[inside] = splu(laplacian[inside][:, inside].tocsc()).solve(right)
    return places[:count]


@dataclass
class _Problem:
    """Triangles of an island with their gradient operators and areas."""

    triangles: Indices
    gradient: tuple[sparse.csr_matrix, sparse.csr_matrix]
    areas: NDArray[np.float64]

    def jacobians(self, places: Points) -> Points:
        """Jacobians (t, 2, 2) of the map from the flat triangles to `places`."""
        return np.stack([self.gradient[0] @ places, self.gradient[1] @ places], axis=2)

    def energy(self, places: Points) -> float:
        """Symmetric Dirichlet energy, infinite if a triangle is turned over."""
        jacobians = self.jacobians(places)
        determinant = np.linalg.det(jacobians)
        if determinant.min() <= 0:
            return np.inf
        squared = (jacobians**2).sum(axis=(1, 2))
        return float((self.areas * (squared + squared / determinant**2)).sum())


def _problem(triangles: Indices, points: Points, scale: NDArray[np.float64], count: int) -> _Problem:
    first = (points[triangles[:, 1]] - points[triangles[:, 0]]) * scale[:, None]
    second = (points[triangles[:, 2]] - points[triangles[:, 0]]) * scale[:, None]
    length = np.linalg.norm(first, axis=1)
    along = np.einsum("nc,nc->n", first, second) / length
    across = np.sqrt(np.maximum((second**2).sum(axis=1) - along**2, 1e-12))
    zero = np.zeros_like(length)
    by_x = np.stack([-1 / length, 1 / length, zero], axis=1)
    by_y = np.stack([-(1 - along / length) / across, -along / (length * across), 1 / across], axis=1)
    rows = np.repeat(np.arange(len(triangles)), 3)
    gradient = tuple(
        sparse.csr_matrix((values.ravel(), (rows, triangles.ravel())), (len(triangles), count))
        for values in (by_x, by_y)
    )
    return _Problem(triangles, (gradient[0], gradient[1]), length * across / 2)


def slim(quads: Indices, points: Points, scale: NDArray[np.float64], places: Points, iterations: int) -> Points:
    """Flatten an island as isometrically as possible without turning any triangle over.

    Parameters
    ----------
    quads : (m, 4) indices into `points` (n, 3), mm
    scale : (m,) wanted length on the plane per length in space
    places : (n, 2) an injective start
    """
    problem = _problem(both_diagonals(quads), points, np.tile(scale, 4), len(points))
    problem, places = _with_filled_holes(problem, quads, points, places)
    places = places * np.sqrt(problem.areas.sum() / (problem.areas * np.linalg.det(problem.jacobians(places))).sum())
    current = problem.energy(places)
    for _ in range(iterations):
        wanted = _weighted_step(problem, places)
        step, better = _line_search(problem, places, wanted - places, current)
        if better >= current * (1 - 1e-6):
            break
        places, current = places + step * (wanted - places), better
    return places[: len(points)]


def _with_filled_holes(problem: _Problem, quads: Indices, points: Points, places: Points) -> tuple[_Problem, Points]:
    """Close the inner borders by fans of soft triangles, so that the sides of an opening cannot overlap."""
    loops = sorted(border_loops(quads), key=lambda loop: float(np.linalg.norm(np.ptp(places[loop], axis=0))))[:-1]
    if not loops:
        return problem, places
    fans = [np.stack([loop, np.roll(loop, 1), np.full(len(loop), len(places) + k)], 1) for k, loop in enumerate(loops)]
    triangles = np.concatenate(fans)
    base = np.linalg.norm(points[triangles[:, 0]] - points[triangles[:, 1]], axis=1)
    zero = np.zeros_like(base)
    corners = np.stack(
        [np.stack([x, y, zero], 1) for x, y in ((zero, zero), (base, zero), (base / 2, zero + FAN_HEIGHT))], 1
    )
    count = len(places) + len(loops)
    fan = _problem(np.arange(triangles.size).reshape(-1, 3), corners.reshape(-1, 3), np.ones(len(base)), triangles.size)
    gather = sparse.csr_matrix(
        (np.ones(triangles.size), (np.arange(triangles.size), triangles.ravel())), (triangles.size, count)
    )
    widen = sparse.eye(len(places), count, format="csr")
    gradient = tuple(
        sparse.vstack([mine @ widen, theirs @ gather]).tocsr()
        for mine, theirs in zip(problem.gradient, fan.gradient, strict=True)
    )
    places = np.vstack([places, [places[loop].mean(axis=0) for loop in loops]])
    areas = np.concatenate([problem.areas, FAN_WEIGHT * fan.areas])
    return _Problem(np.concatenate([problem.triangles, triangles]), (gradient[0], gradient[1]), areas), places


def _weighted_step(problem: _Problem, places: Points) -> Points:
    left, singular, right = np.linalg.svd(problem.jacobians(places))
    singular = np.maximum(singular, 1e-8)
    # (s - s^-3) / (s - 1), with its limit at 1
    weight = np.sqrt((singular + 1) * (singular**2 + 1) / singular**3)
    weights = np.einsum("nij,nj,nkj->nik", left, weight, left)
    rotation = left @ right
    gx, gy = problem.gradient
    area = np.sqrt(problem.areas)
    rows, wanted = [], []
    for i in range(2):
        for axis, operator in ((0, gx), (1, gy)):
            rows.append(sparse.hstack([sparse.diags(area * weights[:, i, j]) @ operator for j in range(2)]))
            wanted.append(area * np.einsum("nj,nj->n", weights[:, i], rotation[:, :, axis]))
    system = sparse.vstack(rows).tocsr()
    count = len(places)
    normal = (system.T @ system + 1e-8 * sparse.identity(2 * count)).tocsc()
    right_side = system.T @ np.concatenate(wanted) + 1e-8 * places.T.ravel()
    factor = splu(normal, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)
    return factor.solve(right_side).reshape(2, count).T


def _line_search(problem: _Problem, places: Points, direction: Points, current: float) -> tuple[float, float]:
    step = 1.0
    for _ in range(40):
        energy = problem.energy(places + step * direction)
        if energy < current:
            return step, energy
        step *= 0.6
    return 0.0, current
