"""Texels to a millimetre in both UV layouts, beside the pixels of portraits: ``python -m benchmarks.texels``.

The mean of both directions, and the direction that has fewest. Of a portrait it is said how many pixels there are where
the skin looks at the camera.
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.exchange.uv_layouts import LAYOUTS
from pix2vertex_blender.template import Template, load_template

PARTS = ("nose", "eyelids", "upper_lip", "cheeks", "forehead", "chin", "face", "ears", "neck", "scalp")
#: Width and height in pixels of upright photos of 12 and 24 megapixels, and of the same lying.
PORTRAITS = ((3000, 4000), (4000, 6000), (4000, 3000), (6000, 4000))


def scales(template: Template) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and the least side (m,) of the texture's square per millimetre of each face."""
    corners, uvs = template.vertices[template.faces], template.uvs
    first, second = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    one, other = uvs[:, 2] - uvs[:, 0], uvs[:, 3] - uvs[:, 1]
    length = np.linalg.norm(first, axis=1)
    along = np.einsum("nc,nc->n", first, second) / length
    across = np.sqrt((second**2).sum(axis=1) - along**2)
    by_x = one / length[:, None]
    by_y = (other - by_x * along[:, None]) / across[:, None]
    values = np.linalg.svd(np.stack([by_x, by_y], axis=-1), compute_uv=False)
    return np.sqrt(values.prod(axis=1)), values[:, 1]


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4096, help="texels along each side (default: %(default)s)")
    size = parser.parse_args().size
    template = load_template()
    measured = {layout: scales(load_template(0, layout)) for layout in LAYOUTS}
    print(f"{'texels per mm: median, least':<30}" + "".join(f"{layout:>16}" for layout in LAYOUTS))
    for part in PARTS:
        inside = template.groups[part][template.faces].mean(axis=1) > 0.5
        row = [(np.median(mean[inside]), np.median(least[inside])) for mean, least in measured.values()]
        print(f"{part:<30}" + "".join(f"{size * mean:9.1f}, {size * least:5.1f}" for mean, least in row))
    height = float(np.ptp(template.vertices[template.groups["face"] > 0.5, 1]))
    print(f"pixels per mm, the face, {height:.0f} mm, half of the height:")
    for width, pixels in PORTRAITS:
        print(f"{f'{width} x {pixels}':<30}{pixels / 2 / height:9.1f}")


if __name__ == "__main__":
    main()
