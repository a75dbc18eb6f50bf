"""ARKit's expressions on heads of other topologies."""

import numpy as np
from scipy.spatial.transform import Rotation

from pix2vertex_blender.expression.mouth import Wearer, place_mouth
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.wrapping.own_expressions import expressions_of
from pix2vertex_blender.reconstruction.wrapping.own_topology import OwnHead
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_balls
from pix2vertex_blender.template.parts import load_parts
from tests.reconstruction.wrapping.made_up import head_shape


def test_expressions_move_skin_and_teeth_and_leave_eyes() -> None:
    """As those of our own head, whatever the other one's unit and place: the jaw goes down with the lower teeth."""
    template, level = load_template(), load_template(1)
    head = head_shape(7)
    skin, balls = template.subdivide(head, 1), template.place_eyeballs(head)
    expected = personal_expressions(head, place_balls(template, head))
    mouth = {part.name: part for part in place_mouth(Wearer.as_in_photo(head), expected)}
    teeth = [mouth[name].vertices.astype(np.float64) for name in ("teeth_upper", "teeth_lower")]
    faces = [triangulate(load_parts().mouth[name].faces) for name in ("teeth_upper", "teeth_lower")]
    parts = [skin, balls, *teeth]
    starts = np.cumsum([0, *map(len, parts)])
    triangles = [triangulate(level.faces), triangulate(template.eyeballs.faces), *faces]
    joined = np.concatenate([each + start for each, start in zip(triangles, starts, strict=False)])
    place = Similarity(0.1, Rotation.from_euler("x", 90, degrees=True).as_matrix(), np.array([5.0, 1.0, 2.0]))
    own = OwnHead(place.apply(np.concatenate(parts)), joined, place.apply(head))
    told: list[float] = []
    moves = expressions_of(own, head, place, told.append)
    assert tuple(moves) == ARKIT_NAMES and len(told) == 52
    of_skin, of_balls, of_upper, of_lower = np.split(moves["jawOpen"] @ place.rotation / 0.1, starts[1:4])
    jaw = template.subdivide(expected[ARKIT_NAMES.index("jawOpen")].astype(np.float64), 1)
    away = np.linalg.norm(of_skin - jaw, axis=1)[level.groups["face"] > 0.99]
    assert np.linalg.norm(jaw, axis=1).max() > 15
    assert np.percentile(away, 95) < 1.0
    assert np.abs(of_balls).max() < 1e-6 and np.abs(of_upper).max() < 1e-6
    assert of_lower[:, 1].mean() < -5
