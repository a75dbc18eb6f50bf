"""The solver without SciPy against SciPy's."""

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg

from pix2vertex_blender.geometry.block_factors import BlockFactors, Entries
from pix2vertex_blender.geometry.laplacian import bilaplacian, cotangent_laplacian, lumped_mass
from pix2vertex_blender.geometry.mesh import unique_edges


def grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a bumpy square."""
    x, y = np.meshgrid(np.arange(side, dtype=float), np.arange(side, dtype=float))
    vertices = np.column_stack([x.ravel(), y.ravel(), np.sin(x.ravel())])
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    triangles = [
        np.stack([corner, corner + 1, corner + side], 1),
        np.stack([corner + 1, corner + side + 1, corner + side], 1),
    ]
    return vertices, np.concatenate(triangles)


def test_it_solves_as_scipy_does_also_where_a_mesh_has_several_parts() -> None:
    vertices, triangles = grid(12)
    generator = np.random.default_rng(0)
    both = np.concatenate([vertices, vertices + 50.0])
    faces = np.concatenate([triangles, triangles + len(vertices)])
    order = generator.permutation(len(both))
    both[order], faces = both.copy(), order[faces]
    mass = lumped_mass(both, faces)
    matrix = (sparse.diags(mass) + 10.0 * bilaplacian(cotangent_laplacian(both, faces), mass)).tocoo()
    right = generator.normal(size=(len(both), 4))
    factors = BlockFactors(Entries(matrix.row, matrix.col, matrix.data), unique_edges(faces), len(both))
    expected = scipy.sparse.linalg.spsolve(matrix.tocsc(), right)
    assert np.allclose(factors.solve(right), expected, atol=1e-9 * np.abs(expected).max() + 1e-12)
