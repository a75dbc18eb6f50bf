"""How closely an artist's own head takes a face's shape: ``benchmarks/own_topology.py``.

Our own head, in the shape of people drawn from the face model, stands for the artist's: decimated, subdivided, with its
quads divided anyhow, and with each vertex moved by noise, so that it is known where its vertices belong with another
person's face. Prints, for each, in millimetres over the face: how far our template comes to lie from where it
belongs on that head, along and across its surface, and from there, how far the head's own vertices come to lie from
where they belong, with the template wrapped to it, and with the template where it belongs; and the seconds. The face
model comes from the shared development data (PIX2VERTEX_SHARED).
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.wrapping.own_topology import carried
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.reconstruction.wrapping.wrap import WrapOptions, wrap_mesh
from pix2vertex_blender.template import load_template
from training.face_sampling import ShapeParameters, sample_head
from training.renderer.surface import head_surface
from training.template.surface import Surface
from training.template.vertices import template_vertices

Array = NDArray[np.float64]

#: The share of triangles that decimation keeps, and the standard deviation of noise in millimetres.
KEPT, NOISE = 0.4, 0.3
PEOPLE = ShapeParameters(identity_deviations=(1.0,), largest_bumps=2, proportion_deviation=0.02, expression="neutral")
COLUMNS = ("along", "across", "before", "exact", "median", "p95", "seconds")


@dataclass(frozen=True)
class ArtistsHead:
    """A head whose vertices are known.

    Attributes
    ----------
    vertices : (k, 3)
    triangles : (m, 3)
    goal : callable
        Where its vertices (k, 3) belong on another head (c, 3).
    face : (k,) bool
    """

    vertices: Array
    triangles: NDArray[np.integer]
    goal: Callable[[Array], Array]
    face: NDArray[np.bool_]


def person(seed: int) -> Array:
    """The template's vertices (c, 3) on a person of the face model."""
    return template_vertices(sample_head(head_surface().model, np.random.default_rng([7, seed]), PEOPLE).vertices)


def decimated(head: Array, _generator: np.random.Generator) -> ArtistsHead:
    """By Blender's modifier; a vertex belongs to the nearest point of the head that faces as it does."""
    template = load_template()
    whole = triangulate(template.faces).astype(np.int64)
    vertices, triangles = _collapsed(head, whole)
    found, weights = Surface(head, whole).locate(vertices, vertex_normals(vertices, triangles))
    corners = whole[found]

    def there(values: Array) -> Array:
        return np.einsum("kc,kc...->k...", weights, values[corners])

    offset = vertices - there(head)
    return ArtistsHead(vertices, triangles, lambda other: there(other) + offset, there(template.groups["face"]) > 0.99)


def subdivided(head: Array, _generator: np.random.Generator) -> ArtistsHead:
    """Once, and into triangles."""
    template, level = load_template(), load_template(1)
    return ArtistsHead(
        template.subdivide(head, 1),
        triangulate(level.faces),
        lambda other: template.subdivide(other, 1),
        level.groups["face"] > 0.99,
    )


def triangulated(head: Array, generator: np.random.Generator) -> ArtistsHead:
    """Each quad along either diagonal."""
    template = load_template()
    faces = template.faces.copy()
    turned = generator.random(len(faces)) < 0.5
    faces[turned] = np.roll(faces[turned], 1, axis=1)
    return ArtistsHead(head, triangulate(faces), lambda other: other, template.groups["face"] > 0.99)


def noisy(head: Array, generator: np.random.Generator) -> ArtistsHead:
    """Subdivided, and each vertex moved."""
    smooth = subdivided(head, generator)
    noise = generator.normal(0, NOISE, smooth.vertices.shape)
    return ArtistsHead(smooth.vertices + noise, smooth.triangles, lambda other: smooth.goal(other) + noise, smooth.face)


KINDS = {each.__name__: each for each in (decimated, subdivided, triangulated, noisy)}


def _collapsed(vertices: Array, triangles: NDArray[np.integer]) -> tuple[Array, NDArray[np.integer]]:
    mesh = bpy.data.meshes.new("head")
    mesh.from_pydata(vertices.tolist(), [], triangles.tolist())
    head = bpy.data.objects.new("head", mesh)
    bpy.context.scene.collection.objects.link(head)
    modifier = head.modifiers.new("decimate", "DECIMATE")
    modifier.ratio, modifier.use_collapse_triangulate = KEPT, True
    coarse = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    coarse.calc_loop_triangles()
    places = np.array([vertex.co[:] for vertex in coarse.vertices], dtype=np.float64)
    kept = np.array([triangle.vertices[:] for triangle in coarse.loop_triangles])
    bpy.data.objects.remove(head)
    return places, kept


def measure(head: Array, artist: ArtistsHead, other: Array, device: str) -> dict[str, float]:
    """What `COLUMNS` names, for a head (c, 3) and another person's (c, 3)."""
    template, started = load_template(), time.process_time()
    face = template.groups["face"]
    balls = template.place_eyeballs(head)
    whole = np.concatenate([artist.vertices, balls])
    triangles = np.concatenate([artist.triangles, triangulate(template.eyeballs.faces) + len(artist.vertices)])
    scan = Scan(whole, triangles.astype(np.int32))
    wrapped = wrap_mesh(scan, WrapOptions(device=device, detail_level=0)).vertices
    goals = artist.goal(fit_similarity(other, head, face).apply(other))

    def away(template_there: Array) -> Array:
        moved = carried(whole, triangles, template_there, other)[: len(goals)]
        distances: Array = np.linalg.norm(moved - goals, axis=1)[artist.face]
        return distances

    errors, normals = wrapped - head, vertex_normals(head, template.faces)
    across = np.abs(np.einsum("ij,ij->i", errors, normals))
    along, chosen, found = np.sqrt((errors**2).sum(axis=1) - across**2), face > 0.99, away(wrapped)
    return {
        "along": float(np.median(along[chosen])),
        "across": float(np.median(across[chosen])),
        "before": float(np.median(np.linalg.norm(artist.vertices - goals, axis=1)[artist.face])),
        "exact": float(np.median(away(head))),
        "median": float(np.median(found)),
        "p95": float(np.percentile(found, 95)),
        "seconds": time.process_time() - started,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1, help="how many artist's heads")
    parser.add_argument("--mean", action="store_true", help="the artist's head has the template's own shape")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    print(f"{'':<16}" + "".join(f"{column:>10}" for column in COLUMNS))
    rows = []
    for seed in range(arguments.people):
        head = load_template().vertices if arguments.mean else person(2 * seed)
        for kind in arguments.kinds:
            artist = KINDS[kind](head, np.random.default_rng(seed))
            rows.append(measure(head, artist, person(2 * seed + 1), arguments.device))
            print(f"{kind:<14}{seed:>2}" + "".join(f"{rows[-1][column]:10.2f}" for column in COLUMNS), flush=True)
    print(f"{'mean':<16}" + "".join(f"{np.mean([row[column] for row in rows]):10.2f}" for column in COLUMNS))


if __name__ == "__main__":
    main()
