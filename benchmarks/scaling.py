"""How the time of the registration grows with the sizes of template and target."""

import time

import numpy as np

from benchmarks.speed import peak_megabytes
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.reconstruction.detail.solver import DetailParameters, DetailSolver
from pix2vertex_blender.reconstruction.registration.alignment import align
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.registration import register
from pix2vertex_blender.reconstruction.registration.target import (
    TargetMesh,
    TargetParameters,
    connect_pixels,
    make_target,
)
from pix2vertex_blender.template import load_template

LEVELS = (0, 1, 2)
RESOLUTIONS = (128, 256, 512)


def synthetic_target(resolution: int) -> TargetMesh:
    """The template seen from the front, smoothly deformed by some millimetres."""
    template = load_template(1)
    vertices = template.vertices + 3.0 * np.sin(template.vertices[:, [1, 2, 0]] / 25.0)
    triangles = triangulate(template.faces)
    centre = vertices[template.groups["face"] > 0.5].mean(axis=0)
    camera = Camera(resolution / 240.0, (resolution / 2, resolution / 2))
    triangle, barycentric = rasterise(
        camera.project(vertices - centre), vertices[:, 2], triangles, (resolution, resolution)
    )
    values = np.column_stack([vertices - centre, template.canonical, template.groups["face"]])
    seen = interpolate(values, triangles, triangle, barycentric)
    known = seen[..., 6] > 0.5
    used, kept = np.unique(connect_pixels(seen[..., :3], known, TargetParameters()), return_inverse=True)
    points = seen.reshape(-1, 7)[used]
    return make_target(points[:, :3], kept.reshape(-1, 3), points[:, 3:6])


def print_scaling() -> None:
    """Print the times of target index, alignment and registration, and of the detail, as tables."""
    print("\nCPU and wall seconds of matching structures, alignment and registration\n")
    print("| template vertices | target pixels | CPU s | wall s | MB more |\n| --- | --- | --- | --- | --- |")
    for level in LEVELS:
        template = load_template(level)
        for resolution in RESOLUTIONS:
            target = synthetic_target(resolution)
            memory = peak_megabytes()
            cpu, wall = time.process_time(), time.perf_counter()
            index = TargetIndex(target)
            visible = template.groups["face"]
            aligned = align(
                template.vertices, template.canonical, index, np.random.default_rng(0), weights=visible
            ).apply(template.vertices)
            register(aligned, template.faces, template.canonical, index, weights=visible)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            grown = peak_megabytes() - memory
            print(f"| {len(template.vertices)} | {resolution} | {cpu:.2f} | {wall:.2f} | {grown:.0f} |")
    print("\nSeconds of the detail on the template\n")
    print("| vertices | first time | sliders only |\n| --- | --- | --- |")
    for level in (1, 2):
        first, again = time_detail(level)
        print(f"| {len(load_template(level).vertices)} | {first:.2f} | {again:.2f} |")


def time_detail(level: int) -> tuple[float, float]:
    """Wall seconds of the detail from the mesh, and again with other sliders."""
    template = load_template(level)
    facing = vertex_normals(template.vertices, template.faces)[:, 2] > 0.3
    intensity = 0.5 + 0.1 * np.sin(template.vertices[:, 0])
    started = time.perf_counter()
    solver = DetailSolver(template.vertices, template.faces, facing * template.groups["face"])
    solver.displacement(intensity)
    first = time.perf_counter() - started
    started = time.perf_counter()
    solver.displacement(intensity, DetailParameters(strength=1.5, scale=0.7))
    return first, time.perf_counter() - started
