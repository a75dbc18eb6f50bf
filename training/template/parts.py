"""Author what a head has inside and write it: ``python -m training.template.parts [FILE]``.

Eyeballs, teeth, gums, tongue and the bag of the mouth, and what is on the lids; see `eyeballs`, `mouth`, `tongue`,
`bag` and `lids`. How the jaw moves with an expression is how the lower teeth of the morphable model do, which move
rigidly.
"""

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.expression.lid_parts import placed
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.paths import PARTS_FILE
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import load_template

from ..face_model import TEETH, load_face_model
from .authoring import write_authored
from .bag import bag, rim_of_the_mouth
from .expressions import arkit_shapes
from .eyeballs import eyeball
from .lids import lid_parts
from .mouth import jaw_part, mouth_surfaces
from .part_mesh import Mesh
from .surface import load_mean_head
from .tongue import tongue

Arrays = dict[str, NDArray]

PROVENANCE = (
    "Teeth, gums, the places of the eyes and the motion of the jaw were derived, on this project's own topology, from "
    "the ICT-FaceKit light morphable model (USC Institute for Creative Technologies, 2020, MIT licence), whose mesh is "
    "not used. The tongue is that of MakeHuman's base mesh (CC0)."
)
#: Teeth of the model below this height (mm) move with the jaw: no upper tooth reaches so far down.
LOWER = -36.0
JAW_EXPRESSIONS = ("jawOpen", "jawForward", "jawLeft", "jawRight", "tongueOut")


def jaw_motions() -> NDArray[np.float64]:
    """Rotation and translation (k, 3, 4) in mm of the lower teeth with each expression that moves them."""
    model = load_face_model()
    teeth = model.neutral.reshape(-1, 3)[TEETH].astype(np.float64)
    shapes = arkit_shapes(model)
    own = teeth[:, 1] < LOWER
    motions = []
    for name in JAW_EXPRESSIONS:
        moved = teeth + np.asarray(shapes[name], dtype=np.float64).reshape(-1, 3)[TEETH]
        turn = fit_similarity(teeth[own], moved[own]).rotation
        place = moved[own].mean(axis=0) - turn @ teeth[own].mean(axis=0)
        motions.append(np.column_stack([turn, place]))
    return np.stack(motions)


def author() -> Arrays:
    """All arrays of the file."""
    arrays: Arrays = {"provenance": np.array(PROVENANCE)}
    eye = eyeball()
    eye_materials = np.zeros(len(eye.faces), dtype=np.int64)
    for number, name in enumerate(("iris", "pupil", "cornea"), start=1):
        eye_materials[eye.groups[name][eye.faces].min(axis=1) > 0.5] = number
    meshes = {"eye": Mesh(eye.vertices, eye.faces, eye.uvs, eye.groups, eye_materials)}
    surfaces = mouth_surfaces()
    meshes |= {f"teeth_{jaw}": jaw_part(surfaces, jaw) for jaw in ("upper", "lower")}
    meshes["tongue"], tongue_out = tongue()
    rim = rim_of_the_mouth()
    meshes["mouth_bag"], bag_arrays = bag(rim)
    template = load_template()
    head = clear_eyeballs(template, template.vertices)
    for name, (mesh, tied) in lid_parts().items():
        mesh.vertices = placed(tied, head, balls(template, head))
        meshes[name] = mesh
        arrays |= {f"{name}_{field}": _stored(values) for field, values in vars(tied).items()}
    for name, mesh in meshes.items():
        place = load_mean_head().eyeball_centre if name == "eye" else np.zeros(3)
        arrays |= {
            f"{name}_vertices": mesh.vertices.astype(np.float32),
            f"{name}_faces": mesh.faces.astype(np.int32),
            f"{name}_uvs": mesh.uvs.astype(np.float32),
            f"{name}_group_names": np.array(list(mesh.groups)),
            f"{name}_groups": np.round(np.stack(list(mesh.groups.values())) * 255).astype(np.uint8),
            f"{name}_materials": np.asarray(mesh.materials).astype(np.uint8),
            f"{name}_place": place,
        }
    return arrays | {
        "jaw_names": np.array(JAW_EXPRESSIONS),
        "jaw_motions": jaw_motions(),
        "tongue_out": tongue_out.astype(np.float32),
        "rim": rim.astype(np.int32),
        **bag_arrays,
    }


def _stored(values: NDArray) -> NDArray:
    """Values of a binding as the file has them."""
    return values.astype(np.uint8 if values.dtype == np.int64 else np.float32)


def main() -> None:
    """Write the parts."""
    write_authored(author, PARTS_FILE, __doc__)


if __name__ == "__main__":
    main()
