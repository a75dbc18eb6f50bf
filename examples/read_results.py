"""What the command line writes about a face, read without Blender and torch: NumPy is enough.

python3 build.py reconstruct portrait.jpg --output face
python3 examples/read_results.py face
"""

import json
import sys
from pathlib import Path

import numpy as np

NOSE_TIP, LEFT_EYE, RIGHT_EYE = 30, slice(42, 48), slice(36, 42)  # of the 68 landmarks, in iBUG's order


def main(folder: Path) -> None:
    """Print what a program may want to know."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    landmarks = np.array(report["landmarks_68"])
    print(f"{report['photo']}: confidence {report['confidence']:.2f}, face box {report['face_box']}")
    eyes = landmarks[LEFT_EYE].mean(axis=0) - landmarks[RIGHT_EYE].mean(axis=0)
    print(f"Eyes {np.hypot(*eyes):.1f} photo pixels apart, tip of the nose at {landmarks[NOSE_TIP].round(1).tolist()}")

    with np.load(folder / "maps.npz") as maps:
        mask, network, mesh = maps["mask"], maps["network_depth"], maps["mesh_depth"]
        rows, columns = np.nonzero(mask)
        crop_pixels = np.column_stack([columns, rows]) + 0.5
        photo_pixels = crop_pixels @ maps["crop_to_photo"][:, :2].T + maps["crop_to_photo"][:, 2]
    both = mask & np.isfinite(mesh)
    distance = np.abs(mesh - network)[both]
    print(f"The face is seen at {mask.sum()} pixels of the crop, around {photo_pixels.mean(axis=0).round(1).tolist()}")
    print(f"Mesh and network are {np.median(distance):.2f} mm apart (median), {np.ptp(network[mask]):.0f} mm deep")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
