"""Author the expressions and write them: ``python -m training.template.expressions [FILE]``.

The morphable model's shapes are carried to the template's vertices, which lie on its mean face: each vertex moves as
the place of the model's skin under it. That place is looked for among triangles that face the same way, so that where
the lips touch none of them is drawn along by the other. What lies inside lids, lips and nostrils, where the mean face
has no surface, follows the rim around it.

The file also has what tells expressions from features. A face at vertices spread over it is ``m + I a + E w + r``: the
mean, the model's identities I with a ~ N(0, 1), expressions E, and what neither says, r, among it the registration's
errors, as a smooth Gaussian field. With C the covariance of all but the expressions, the likeliest w minimise ``w G w -
2 w F (face - m)`` with F = E C^-1 and G = E C^-1 E; F and G are all that is needed of the identities.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import splu

from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.rims import lid_rims, lip_rims
from pix2vertex_blender.geometry.mesh import unique_edges, vertex_normals
from pix2vertex_blender.paths import EXPRESSIONS_FILE
from pix2vertex_blender.template import Template, load_template

from ..face_model import HEAD, FaceModel, load_face_model
from .authoring import write_authored
from .build import inner_rims
from .layout import build_half, whole_head
from .surface import load_mean_head

Points = NDArray[np.float64]
Arrays = dict[str, NDArray]

PROVENANCE = (
    "Differences of the expressions and of the identities of the ICT-FaceKit light morphable model (USC Institute for "
    "Creative Technologies, 2020, MIT licence), carried to this project's own topology. The model's mesh is not used."
)
#: Offsets (mm) below this are noise of the model's files.
LEAST_OFFSET = 0.02
#: How many vertices of the face tell expressions from features, besides the edges of lids and lips.
SAMPLES = 800
#: Standard deviation of the coefficients of the identities: somewhat more than the model's own.
IDENTITY_DEVIATION = 1.1
#: What neither identities nor expressions say: standard deviations and widths of smooth fields in mm, and of the noise.
#: Networks blur what is fine: were it trusted more than what is coarse, raised brows would be taken for a feature.
SMOOTH_FIELDS = ((0.6, 12.0), (1.0, 40.0))
NOISE = 2.0
#: Standard deviations of what is left open of the head's place (mm), rotation (radians) and size.
OPEN_PLACE, OPEN_ROTATION, OPEN_SIZE = 30.0, 0.2, 0.2
#: What the model lacks: a tongue that comes out opens the jaw as far as it is thick, so that no tooth cuts it, and
#: presses the lower lip down. The model's names, and how much of each.
TONGUE_OUT = {
    "jawOpen": 0.32,
    "mouthLowerDown_L": 0.35,
    "mouthLowerDown_R": 0.35,
    "mouthUpperUp_L": 0.15,
    "mouthUpperUp_R": 0.15,
}


@dataclass(frozen=True)
class ModelOnTemplate:
    """Carries values at the vertices of the model's skin to the template.

    Attributes
    ----------
    triangles : (n, 3)
        The corners of the skin's triangle under each vertex of the template.
    weights : (n, 3)
        Where on the triangle.
    inside : (n,) bool
        Vertices that lie on no surface of the model and follow the rim around them.
    edges : (e, 2)
        Of the template.
    """

    triangles: NDArray[np.int64]
    weights: Points
    inside: NDArray[np.bool_]
    edges: NDArray[np.integer]

    @classmethod
    def of(cls, template: Template) -> "ModelOnTemplate":
        """Find each vertex of the template on the mean face."""
        skin = load_mean_head().skin
        triangles, weights = skin.locate(template.vertices, vertex_normals(template.vertices, template.faces))
        layout = build_half()
        inside = inner_rims(layout)[whole_head(layout)[1].source]
        return cls(skin.triangles[triangles], weights, inside, unique_edges(template.faces).astype(np.int64))

    def carry(self, values: NDArray[np.floating]) -> Points:
        """Values (n, c) at the template's vertices from values (s, c) at the skin's; smooth inside the rims."""
        carried = np.einsum("nk,nkc->nc", self.weights, values[self.triangles].astype(np.float64))
        count = len(self.inside)
        both = np.concatenate([self.edges, self.edges[:, ::-1]])
        graph = sparse.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), (count, count))
        laplacian = (sparse.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph).tocsr()[self.inside]
        outer = laplacian[:, ~self.inside] @ carried[~self.inside]
        carried[self.inside] = splu(laplacian[:, self.inside].tocsc()).solve(-outer)
        return carried


def carry_shapes(shapes: NDArray[np.floating], places: ModelOnTemplate) -> Points:
    """Shapes (k, 3 v) of the model as offsets (k, n, 3) in millimetres of the template's vertices."""
    skin = shapes.reshape(len(shapes), -1, 3)[:, HEAD]
    carried = places.carry(np.moveaxis(skin, 0, 1).reshape(skin.shape[1], -1))
    return np.ascontiguousarray(np.moveaxis(carried.reshape(-1, len(shapes), 3), 1, 0))


def arkit_shapes(model: FaceModel) -> dict[str, NDArray[np.floating]]:
    """The model's shapes (3 v,) under ARKit's names; those that it has by side and ARKit as one are added up."""
    known = dict(zip(model.expression_names, model.expression, strict=True))
    shapes = {}
    for name in ARKIT_NAMES:
        side = name.removesuffix("Left") + "_L" if name.endswith("Left") else name.removesuffix("Right") + "_R"
        if name in known:
            shapes[name] = known[name]
        elif side in known:
            shapes[name] = known[side]
        elif name == "tongueOut":
            shapes[name] = sum(weight * known[part] for part, weight in TONGUE_OUT.items())
        else:
            shapes[name] = known[f"{name}_L"] + known[f"{name}_R"]
    return shapes


def opposite(name: str) -> str:
    """The name of a shape on the other side of the face."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name.removesuffix(side) + other
    return name


def expression_offsets(model: FaceModel, template: Template, places: ModelOnTemplate) -> Points:
    """What each of ARKit's expressions adds to the template's vertices (52, n, 3), exactly mirror-symmetric."""
    offsets = carry_shapes(np.stack(list(arkit_shapes(model).values())), places)
    mirrored = [ARKIT_NAMES.index(opposite(name)) for name in ARKIT_NAMES]
    offsets = (offsets + offsets[mirrored][:, template.mirror] * (-1, 1, 1)) / 2
    offsets[np.linalg.norm(offsets, axis=2) < LEAST_OFFSET] = 0.0
    return offsets


def spread_vertices(template: Template, count: int) -> NDArray[np.int32]:
    """So many vertices (count,) of the face, evenly spread: each the farthest from those before it."""
    face = np.flatnonzero(template.groups["face"] > 0.5)
    points = template.vertices[face]
    chosen = [0]
    distance = np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.sort(face[chosen]).astype(np.int32)


def covariance(points: Points, identities: Points) -> Points:
    """The covariance (3 k, 3 k) of faces without expression at points (k, 3), given the identities (c, k, 3) there."""
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    field = sum(size**2 * np.exp(-squared / (2 * width**2)) for size, width in SMOOTH_FIELDS)
    whole = np.kron(field, np.eye(3)) + NOISE**2 * np.eye(3 * len(points))
    modes = [IDENTITY_DEVIATION * identities.reshape(len(identities), -1)]
    centred = points - points.mean(axis=0)
    modes += [OPEN_PLACE * np.tile(axis, len(points))[None] for axis in np.eye(3)]
    modes += [OPEN_ROTATION * np.cross(axis, centred).reshape(1, -1) for axis in np.eye(3)]
    modes += [OPEN_SIZE * centred.reshape(1, -1)]
    together = np.concatenate(modes)
    result: Points = whole + together.T @ together
    return result


def author() -> Arrays:
    """All arrays of the expressions' file."""
    model, template = load_face_model(), load_template()
    places = ModelOnTemplate.of(template)
    offsets = expression_offsets(model, template, places)
    edges = [np.concatenate([rims.upper, rims.lower]) for rims in (lip_rims(), lid_rims("left"), lid_rims("right"))]
    samples = np.unique(np.concatenate([spread_vertices(template, SAMPLES), *edges]))
    identities = carry_shapes(model.identity, places)[:, samples]
    expressions = offsets[:, samples].reshape(len(offsets), -1)
    weighted = cho_solve(cho_factor(covariance(template.vertices[samples], identities)), expressions.T).T
    return {
        "names": np.array(ARKIT_NAMES),
        "offsets": offsets.astype(np.float16),
        "samples": samples.astype(np.int32),
        "estimator": weighted.reshape(len(offsets), -1, 3).astype(np.float32),
        "information": (weighted @ expressions.T).astype(np.float32),
        "template_version": np.array(template.version),
        "provenance": np.array(PROVENANCE),
    }


def main() -> None:
    """Write the expressions."""
    write_authored(author, EXPRESSIONS_FILE, __doc__)


if __name__ == "__main__":
    main()
