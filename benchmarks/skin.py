"""How much of a photo's light is left in the texture: the same head under two lights, rendered and scanned.

python -m benchmarks.skin [--count N] [--scans FOLDER] [--json FILE] [--pictures FOLDER] [--sheet FILE]

Each head is textured from a picture under either light, with the light kept and with it taken out. Figures are mean
differences of display values, of 255, where both pictures show the skin, and their ratio. Rendered heads also tell how
far the texture's tone lies from the true albedo, light and dark skin apart. They are exposed as a camera does that
meters the light, with an error of a third of a stop or so: with an automatic exposure for the face alone, light and
dark skin would look the same.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.lit_heads import lit_head
from benchmarks.synthetic import BELONGINGS, vertices_on_template
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.expression.neutral import worn_expression
from pix2vertex_blender.geometry.extension import SmoothExtension
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.reconstruction.texture.projection import FaceTexture, head_grid, project_photo
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import to_millimetres
from training.arrays import Floats, Integers
from training.face_sampling import Head, ShapeParameters
from training.generate import HELD_OUT_STREAM
from training.renderer.camera import View, ViewParameters
from training.renderer.colours import sample_hair_colour
from training.renderer.lighting import (
    ALBEDO,
    GLOSS,
    Lighting,
    cast_shadows,
    illuminate,
    light_reaching,
    sample_lighting,
)
from training.renderer.pixels import GAMMA, develop, label_pixels, reduce_labels
from training.renderer.rasteriser import empty_fragments, interpolate, rasterise
from training.renderer.shading import describe_head, relief, sample_clothing, sample_eyes
from training.renderer.skin.skin import Skin, sample_skin
from training.renderer.surface import head_surface, texture_coordinates
from training.renderer.synthesis import head_attributes, sample_head_and_view

SEED = 90127
COUNT = 12
#: Pixels of a rendered picture and texels of a texture, on each side.
SIZE, TEXELS = 384, 512
#: Pixels on each side of a head on the sheet.
CELL = 300
#: The logarithm by which a camera's exposure is off.
EXPOSURE = 0.25
#: People look more or less into the camera.
VIEW = ViewParameters(
    largest_yaw=25.0, largest_pitch=10.0, largest_roll=6.0, least_distance=600.0, crop_sizes=(1.6, 1.9, 2.2)
)
#: The linear green of the albedo from which on skin is called light here.
LIGHT_SKIN = 0.2


@dataclass(frozen=True)
class RenderedPhoto:
    """A picture with what a reconstruction would know of it.

    Attributes
    ----------
    pixels : (S, S, 3) uint8
    mask : (S, S) bool
    vertices : (n, 3)
        The template's vertices where they truly are, in the camera's axes.
    camera : Camera
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    vertices: NDArray[np.float64]
    camera: Camera


@dataclass(frozen=True)
class Difference:
    """Mean differences of two textures, of 255, with the light kept and taken out.

    Attributes
    ----------
    kept, out : float
    tone_error : float
        Of the texture without light: its median logarithm of brightness minus the true one; NaN if that is not known.
    tone : float
        The green of the true skin, linear; NaN if it is not known.
    """

    kept: float
    out: float
    tone_error: float = float("nan")
    tone: float = float("nan")

    @property
    def ratio(self) -> float:
        """What is left of the difference."""
        return self.out / self.kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.skin", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=COUNT, help="rendered heads (default: %(default)s)")
    parser.add_argument("--scans", type=Path, help="folder with pictures of scans under two lights")
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of what is compared")
    parser.add_argument(
        "--sheet", type=Path, help="picture of rendered people and the astronaut, lit anew; nothing else"
    )
    options = parser.parse_args(arguments)
    if options.sheet:
        draw_sheet(options.sheet)
        return 0
    figures: dict[str, dict[str, float]] = {}
    try:
        for number in range(options.count):
            figures[f"rendered {number}"] = _tell(f"rendered {number}", rendered(number, options.pictures))
        if options.scans:
            for key in scan_views(options.scans):
                figures[key] = _tell(key, scanned(options.scans, key, options.pictures))
    except Pix2VertexError as error:
        sys.exit(str(error))
    _summarise(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def rendered(number: int, pictures: Path | None = None) -> Difference:
    """One rendered head under two lights."""
    skin, photos = photograph_twice(number)
    kept, out = _textures(photos)
    both = _shown_by_both(out)
    level = load_template(2)
    places = head_grid(TEXELS).interpolate(texture_coordinates(to_millimetres(level.canonical)))
    columns, rows = np.clip(np.rint(places), 0, len(skin.albedo) - 1).astype(int)[both].T
    true = np.log(skin.albedo[rows, columns]).mean(axis=-1)
    errors = [
        np.median(GAMMA * np.log(np.maximum(texture.colour[both], 1) / 255.0).mean(axis=-1) - true) for texture in out
    ]
    if pictures:
        _draw(pictures / f"rendered_{number}.png", photos, kept, out)
    return Difference(
        _difference(kept, both), _difference(out, both), float(np.mean(np.abs(errors))), float(skin.tone[1])
    )


def photograph_twice(number: int, skin: Skin | None = None, size: int = SIZE) -> tuple[Skin, list[RenderedPhoto]]:
    """One bald head without belongings under two lights, in the same pose; its own skin unless one is given."""
    parameters = replace(BELONGINGS, size=size, shape=ShapeParameters(expression="neutral"), view=VIEW)
    generator = np.random.default_rng([SEED, HELD_OUT_STREAM, number])
    surface = head_surface()
    head, view = sample_head_and_view(surface, generator, parameters)
    if skin is None:
        skin, _beard = sample_skin(surface, head.expression, sample_hair_colour(generator), generator)
    return skin, [photograph_under(sample_lighting(generator), head, view, skin, generator) for _light in range(2)]


def photograph_under(
    lighting: Lighting,
    head: Head,
    view: View,
    skin: Skin,
    generator: np.random.Generator,
) -> RenderedPhoto:
    """A head under a light, before grey."""
    surface, model = head_surface(), head_surface().model
    vertices = view.to_camera(head.vertices)
    fragments = empty_fragments(view.size)
    rasterise(view.project(vertices), model.triangles, fragments)
    attributes = interpolate(fragments, model.triangles, head_attributes(surface, head, vertices))
    described = _described(attributes, fragments.triangle, skin, view)
    if lighting.colours.any():
        cast_shadows(lighting, vertices, model.triangles)
    seen = fragments.triangle >= 0
    reaching = light_reaching(described, seen, lighting)
    picture = illuminate(described, seen, reaching, lighting)
    labels = label_pixels(attributes, fragments.triangle, model.materials, np.zeros_like(seen))
    white = described.copy()
    white[..., ALBEDO : ALBEDO + 3], white[..., GLOSS] = 1.0, 0.0
    metered = float(illuminate(white, seen, reaching, lighting)[labels > 0].mean())
    exposure = float(np.exp(generator.normal(0, EXPOSURE))) / metered
    image = develop(picture, seen, exposure, 0.0)
    mask = reduce_labels(labels, attributes)[0] > 0
    alpha = image[..., 3:] / 255.0
    pixels = np.rint(alpha * image[..., :3] + (1 - alpha) * 110).astype(np.uint8)
    return RenderedPhoto(pixels, mask, _whole_head(view.to_camera(vertices_on_template(head))), _camera(view))


def _described(attributes: Floats, triangle: Integers, skin: Skin, view: View) -> Floats:
    """What is lit at each pixel, always with the same eyes and clothes, which do not count."""
    materials, same = head_surface().model.materials, np.random.default_rng(0)
    heights, eyes = relief(attributes, triangle, materials, skin.height), sample_eyes(same)
    clothing = sample_clothing(same)
    return describe_head(attributes, triangle, materials, heights, skin, eyes, clothing, view.pixels_per_millimetre)


def _camera(view: View) -> Camera:
    """Of the picture, which has half of the view's size."""
    centre = view.size / 4 - view.offset * view.scale / 2
    return Camera(view.scale / view.distance / 2, (float(centre[0]), float(centre[1])), 1 / view.distance)


def _whole_head(face: Floats) -> NDArray[np.float64]:
    """The template with the true face (n, 3), which knows no scalp and no back of the head, and the rest to fit."""
    template = load_template()
    pose = fit_similarity(template.vertices, face, template.groups["face"])
    rest = template.vertices @ pose.matrix[:3, :3].T + pose.translation
    known = (template.groups["face"] > 0.5).astype(float)
    moved = SmoothExtension(template.vertices, template.faces).extend(face - rest, known, np.zeros(3), 1.0, 60.0)
    whole: NDArray[np.float64] = rest + np.where(known[:, None] > 0, face - rest, moved)
    return whole


def scan_views(folder: Path) -> list[str]:
    """The keys of the pictures of a folder, without their light, that there are under two lights."""
    index = json.loads((folder / "index.json").read_text())
    return sorted(key[:-3] for key in index if key.endswith("_l0") and f"{key[:-1]}1" in index)


def scanned(folder: Path, key: str, pictures: Path | None = None) -> Difference:
    """One view of a scanned head under two lights, each reconstructed by itself."""
    photos = [reconstructed(folder / f"{key}_l{light}.png") for light in range(2)]
    kept, out = _textures(photos)
    if pictures:
        _draw(pictures / f"{key}.png", photos, kept, out)
    both = _shown_by_both(out)
    return Difference(_difference(kept, both), _difference(out, both))


def reconstructed(path: Path) -> RenderedPhoto:
    """A photo with what its reconstruction knows of it."""
    face = reconstruct(path, Options(detail_level=0))
    crop = cv2.imdecode(np.frombuffer(face.view.crop_png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    camera = face.view.camera.resized(len(crop) / len(face.view.maps.mask))
    head = face.view.frame.to_camera(face.coarse_vertices + worn_expression(face.coarse_vertices, face.view.expression))
    return RenderedPhoto(np.ascontiguousarray(crop), face.view.maps.mask, head, camera)


def _textures(photos: Sequence[RenderedPhoto]) -> tuple[list[FaceTexture], list[FaceTexture]]:
    """The textures of photos with the light kept and taken out."""
    kept, out = (
        [
            project_photo(photo.vertices, photo.pixels, photo.camera, photo.mask, TEXELS, keep_light=keep)
            for photo in photos
        ]
        for keep in (True, False)
    )
    return kept, out


def _shown_by_both(textures: Sequence[FaceTexture]) -> NDArray[np.bool_]:
    """Where (h, w) both photos show the skin."""
    shown: NDArray[np.bool_] = (np.stack([texture.origin[..., 0] for texture in textures]) > 230).all(axis=0)
    return shown


def _difference(textures: Sequence[FaceTexture], where: NDArray[np.bool_]) -> float:
    one, other = (texture.colour[where].astype(np.float64) for texture in textures)
    return float(np.abs(one - other).mean())


def _tell(name: str, difference: Difference) -> dict[str, float]:
    """Print a head's figures and return them."""
    print(
        f"{name:14s} kept {difference.kept:5.1f}  out {difference.out:5.1f}  ratio {difference.ratio:.2f}"
        f"  tone {difference.tone:.2f}  off {difference.tone_error:.2f}",
        flush=True,
    )
    return {
        "kept": difference.kept,
        "out": difference.out,
        "ratio": difference.ratio,
        "tone": difference.tone,
        "tone_error": difference.tone_error,
    }


def _summarise(figures: dict[str, dict[str, float]]) -> None:
    """Print what all heads have together."""
    for name, chosen in (
        ("rendered", [each for key, each in figures.items() if key.startswith("rendered")]),
        ("scans", [each for key, each in figures.items() if not key.startswith("rendered")]),
    ):
        if chosen:
            kept, out = (sum(each[part] for each in chosen) for part in ("kept", "out"))
            print(f"{name}: {len(chosen)} heads, out / kept {out / kept:.2f}")
    for name, is_light in (("light skin", True), ("dark skin", False)):
        errors = [e["tone_error"] for e in figures.values() if (e["tone"] >= LIGHT_SKIN) == is_light and e["tone"] > 0]
        if errors:
            print(
                f"{name}: {len(errors)} heads, the albedo's brightness off by a factor of {np.exp(np.mean(errors)):.2f}"
            )


def draw_sheet(path: Path, people: int = 5) -> None:
    """For each person the photo, and the head lit from its darker side, its texture with the photo's light and without.

    Parameters
    ----------
    path : Path
        Of the picture.
    people : int
        Rendered ones, an odd number; the astronaut is the last.
    """
    photos = [photograph_twice(number)[1][0] for number in range(people)] + [reconstructed(SAMPLE_PORTRAIT)]
    rows = []
    for photo in photos:
        kept, out = (
            project_photo(photo.vertices, photo.pixels, photo.camera, photo.mask, 2 * TEXELS, keep_light=keep)
            for keep in (True, False)
        )
        template = load_template()
        upright = fit_similarity(photo.vertices, template.vertices, template.groups["face"])
        head = photo.vertices @ upright.matrix[:3, :3].T + upright.translation
        lamp = np.array([0.8 if _brighter_left(kept) else -0.8, 0.35, 0.6])
        shown = cv2.resize(face_of(photo), (CELL, CELL), interpolation=cv2.INTER_AREA)
        rows.append(np.hstack([shown, *(lit_head(head, each.colour, CELL, lamp) for each in (kept, out))]))
    half = len(rows) // 2
    cv2.imwrite(str(path), np.hstack([np.vstack(rows[:half]), np.vstack(rows[half : 2 * half])])[..., ::-1])


def _brighter_left(texture: FaceTexture) -> bool:
    """Whether the left half of a texture, as it is seen, is the brighter one."""
    grey = np.where(texture.origin[..., 0] > 128, texture.colour.mean(axis=-1), np.nan)
    left, right = (float(np.nanmean(half)) for half in np.array_split(grey, 2, axis=1))
    return left > right


def face_of(photo: RenderedPhoto) -> NDArray[np.uint8]:
    """The square of a photo that the face fills."""
    face = photo.camera.project(photo.vertices[load_template().groups["face"] > 0.9])
    middle, half = (face.min(axis=0) + face.max(axis=0)) / 2, 0.6 * np.ptp(face, axis=0).max()
    left, top = np.maximum(middle - half, 0).astype(int)
    right, bottom = (middle + half).astype(int)
    return photo.pixels[top:bottom, left:right]


def _draw(path: Path, photos: Sequence[RenderedPhoto], kept: Sequence[FaceTexture], out: Sequence[FaceTexture]) -> None:
    """Photos above, textures with and without light below, a column for each light."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        np.concatenate([cv2.resize(image, (TEXELS, TEXELS), interpolation=cv2.INTER_AREA) for image in images], axis=1)
        for images in (
            [photo.pixels for photo in photos],
            [each.colour for each in kept],
            [each.colour for each in out],
        )
    ]
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


if __name__ == "__main__":
    sys.exit(main())
