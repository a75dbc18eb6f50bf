"""How much of a face's fine detail is taken for wrinkles of its expression: ``benchmarks/wrinkles.py``.

Made-up heads show one expression after the other, and their registered meshes have the smooth errors of a registration.
What counts is by how much the skin is compressed between the neutral face that is recovered and the registered one;
beside it stands what the true neutral face would say. Prints a table in Markdown: for each region the mean share in %,
its standard deviation from head to head, and in brackets the mean share with the true neutral face.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.expressions import ERROR, smooth_field
from pix2vertex_blender.expression.neutral import neutral_face, rested
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.expression.wrinkles import wrinkle_share
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import load_template
from training.template.expression_pictures import made_up_head

Points = NDArray[np.float64]

REGIONS = ("forehead", "brow", "nose", "cheeks", "upper_lip", "chin")
LOOKS: dict[str, dict[str, float]] = {
    "none": {},
    "a smile": {
        "mouthSmileLeft": 1.0,
        "mouthSmileRight": 1.0,
        "cheekSquintLeft": 0.7,
        "cheekSquintRight": 0.7,
    },
    "raised brows": {"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0},
    "lowered brows": {"browDownLeft": 1.0, "browDownRight": 1.0},
    "a wrinkled nose": {"noseSneerLeft": 1.0, "noseSneerRight": 1.0},
    "a kiss": {"mouthPucker": 1.0},
    "a jaw open by 0.7": {"jawOpen": 0.7},
}


def shares(head: Points, look: dict[str, float], generator: np.random.Generator) -> tuple[Points, Points]:
    """How much of the detail of a head with closed lips goes with a look, by region: recovered, and truly; in %."""
    template, both = load_template(), balls(load_template(), head)
    shown = head
    if look:
        offsets = personal_expressions(head, both, names=list(look))
        shown = head + np.tensordot(np.array(list(look.values())), offsets, 1)
    registered = clear_eyeballs(template, shown + smooth_field(template, generator, ERROR))
    found = neutral_face(registered, balls(template, registered))
    recovered, truly = (wrinkle_share(*pair) for pair in ((found.vertices, registered), (head, shown)))
    weights = np.stack([template.groups[name] for name in REGIONS])
    return tuple(100 * (weights @ share) / weights.sum(axis=1) for share in (recovered, truly))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=8, help="heads (default: %(default)s)")
    options = parser.parse_args()
    heads = [made_up_head(seed) for seed in range(options.count)]
    heads = [rested(head, balls(load_template(), head)) for head in heads]
    print("| in the photo |", " | ".join(name.replace("_", " ") for name in REGIONS), "|")
    print("| --- |" + " --- |" * len(REGIONS))
    for number, (name, look) in enumerate(LOOKS.items()):
        measured = [shares(head, look, np.random.default_rng([5, number, seed])) for seed, head in enumerate(heads)]
        recovered, truly = (np.array(each) for each in zip(*measured, strict=True))
        columns = zip(recovered.mean(axis=0), recovered.std(axis=0), truly.mean(axis=0), strict=True)
        cells = [f"{mean:.0f} ± {deviation:.0f} ({true:.0f})" for mean, deviation, true in columns]
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
