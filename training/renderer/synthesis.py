"""One synthetic portrait from random numbers: head, clothes, light, camera, picture and labels."""

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator

from ..arrays import Booleans, Bytes, Floats, Integers
from ..compilation import kernel
from ..data.samples import FACE, UNSUPERVISED_FACE, Sample
from ..face_model import CANONICAL_CENTRE, CANONICAL_SCALE, EYE, HEAD, LANDMARKS_68, SKIN
from ..face_sampling import Head, ShapeParameters, sample_head
from .belongings import props as props_module
from .belongings.glasses import Lenses, sample_glasses
from .belongings.hands import sample_hand
from .belongings.hats import sample_hat
from .belongings.objects import sample_face_mask, sample_object, sample_scarf
from .belongings.props import Prop, join_props, prop_attributes
from .camera import View, ViewParameters, sample_view
from .colours import sample_hair_colour
from .hair import hair as hair_module
from .hair.hair import Hair, hair_attributes, sample_hair, shade_hair
from .lighting import Lighting, cast_shadows, illuminate, light_reaching, sample_lighting
from .rasteriser import Fragments, empty_fragments, interpolate, rasterise, rasterise_strands, vertex_normals
from .shading import ATTRIBUTES, Clothing, Eyes, describe_head, relief, sample_clothing, sample_eyes
from .skin.skin import Skin, sample_skin
from .surface import HeadSurface, head_surface

GAMMA = 2.2


@dataclass(frozen=True)
class SynthesisParameters:
    """What portraits are drawn.

    Attributes
    ----------
    size : int
        Width and height of a sample in pixels; the picture is rendered at twice that.
    least_face_share : float
        Portraits that show less of the face, as a share of the crop, are drawn again.
    shape, view
        How heads and cameras vary.
    glasses_share, hat_share, hand_share, object_share, mask_share, scarf_share : float
        Probabilities of what the person wears or holds.
    shadow_share : float
        Probability of the first light casting shadows.
    """

    size: int = 256
    least_face_share: float = 0.01
    shape: ShapeParameters = field(default_factory=ShapeParameters)
    view: ViewParameters = field(default_factory=ViewParameters)
    glasses_share: float = 0.22
    hat_share: float = 0.09
    hand_share: float = 0.12
    object_share: float = 0.05
    mask_share: float = 0.03
    scarf_share: float = 0.05
    shadow_share: float = 0.75


@dataclass(frozen=True)
class Scene:
    """All that is in one portrait. Props are in the head frame, hair and light in the camera's axes."""

    head: Head
    view: View
    skin: Skin
    eyes: Eyes
    clothing: Clothing
    lighting: Lighting
    hair: Hair
    props: Prop | None
    lenses: Lenses | None


class Layers(NamedTuple):
    """What the head, the hair and the props cover, each with its own depth.

    Attributes
    ----------
    head, hair, props : Fragments
    hair_visible, props_visible : (S, S) bool
        Where they are nearest.
    """

    head: Fragments
    hair: Fragments
    props: Fragments
    hair_visible: Booleans
    props_visible: Booleans


def synthesise(generator: Generator, parameters: SynthesisParameters | None = None) -> Sample:
    """Draw one sample; the same state of the generator gives the same sample."""
    parameters = SynthesisParameters() if parameters is None else parameters
    surface = head_surface()
    while True:
        scene = sample_scene(surface, generator, parameters)
        sample = render(surface, scene, generator, parameters)
        if sample is not None:
            return sample


def sample_scene(surface: HeadSurface, generator: Generator, parameters: SynthesisParameters) -> Scene:
    """Draw what is in a portrait."""
    head, view = sample_head_and_view(surface, generator, parameters)
    hair_colour = sample_hair_colour(generator)
    skin, beard = sample_skin(surface, head.expression, hair_colour, generator)
    hair = sample_hair(surface, head, view, hair_colour, beard, generator)
    props, lenses = sample_belongings(surface, head, skin, generator, parameters)
    lighting = sample_lighting(generator)
    if lighting.colours.any() and generator.random() < parameters.shadow_share:
        _cast_shadows(surface, head, view, hair, props, lighting)
    return Scene(head, view, skin, sample_eyes(generator), sample_clothing(generator), lighting, hair, props, lenses)


def sample_head_and_view(
    surface: HeadSurface, generator: Generator, parameters: SynthesisParameters
) -> tuple[Head, View]:
    """Draw whose head it is and from where it is seen, which is what a generator draws first."""
    head = sample_head(surface.model, generator, parameters.shape)
    centre = head.vertices[surface.model.face_vertices].mean(0)
    view = sample_view(centre, head.vertices[LANDMARKS_68], 2 * parameters.size, generator, parameters.view)
    return head, view


def sample_belongings(
    surface: HeadSurface, head: Head, skin: Skin, generator: Generator, parameters: SynthesisParameters
) -> tuple[Prop | None, Lenses | None]:
    """Draw what the person wears and holds."""
    props: list[Prop] = []
    lenses = None
    if generator.random() < parameters.glasses_share:
        frame, lenses = sample_glasses(head, generator)
        props.append(frame)
    if generator.random() < parameters.hat_share:
        props.append(sample_hat(surface, head, generator))
    if generator.random() < parameters.mask_share:
        props.append(sample_face_mask(head, generator))
    if generator.random() < parameters.scarf_share:
        props.append(sample_scarf(head, generator))
    if generator.random() < parameters.hand_share:
        props.append(sample_hand(surface, head, skin.tone, generator))
    if generator.random() < parameters.object_share:
        props.append(sample_object(surface, head, generator))
    return join_props(props) if props else None, lenses


def _cast_shadows(
    surface: HeadSurface, head: Head, view: View, hair: Hair, prop: Prop | None, lighting: Lighting
) -> None:
    outside = surface.model.triangles[surface.model.triangles.max(1) < HEAD.stop]
    cast_shadows(lighting, view.to_camera(head.vertices), np.ascontiguousarray(outside))
    dense = (hair.mesh.coverage[hair.mesh.triangles] > 0.5).all(1)
    cast_shadows(lighting, hair.mesh.vertices, hair.mesh.triangles[dense])
    if prop is not None:
        cast_shadows(lighting, view.to_camera(prop.vertices), prop.triangles)


def render(surface: HeadSurface, scene: Scene, generator: Generator, parameters: SynthesisParameters) -> Sample | None:
    """Picture and labels of a scene; None if too little of the face is seen."""
    model, head, view = surface.model, scene.head, scene.view
    vertices = view.to_camera(head.vertices)
    layers = draw_layers(surface, scene, vertices)
    attributes = interpolate(layers.head, model.triangles, head_attributes(surface, head, vertices))
    described = describe_head(
        attributes,
        layers.head.triangle,
        model.materials,
        relief(attributes, layers.head.triangle, model.materials, scene.skin.height),
        scene.skin,
        scene.eyes,
        scene.clothing,
        view.pixels_per_millimetre,
    )
    seen = layers.head.triangle >= 0
    picture = illuminate(described, seen, light_reaching(described, seen, scene.lighting), scene.lighting)
    hidden = _paint_hair_and_props(picture, scene, layers)
    if scene.lenses is not None:
        _paint_lenses(picture, scene.lenses, view, layers, generator)
    labels = label_pixels(attributes, layers.head.triangle, model.materials, hidden)
    if (labels > 0).mean() < parameters.least_face_share:
        return None
    covered = (layers.head.triangle >= 0) | layers.hair_visible | layers.props_visible
    exposure = _sample_exposure(picture, labels > 0, generator)
    image = develop(picture, covered, exposure, 0.25 if generator.random() < 0.5 else 0.0)
    mask, correspondence, geometry = reduce_labels(labels, attributes)
    landmarks = view.project(vertices[LANDMARKS_68])[:, :2] / 2
    return Sample(
        image,
        mask,
        ((correspondence - CANONICAL_CENTRE[:, None, None] * (mask > 0)) / np.float32(CANONICAL_SCALE)),
        geometry * np.float32(view.geometry_scale),
        landmarks.astype(np.float32),
        view.yaw,
        view.pitch,
        view.roll,
        view.distance,
        view.geometry_scale,
    )


def draw_layers(surface: HeadSurface, scene: Scene, vertices: Floats) -> Layers:
    """Rasterise the head with the given vertices in the camera's axes, the hair and the props."""
    view = scene.view
    head = empty_fragments(view.size)
    rasterise(view.project(vertices), surface.model.triangles, head)
    hair, props = empty_fragments(view.size), empty_fragments(view.size)
    mesh = scene.hair.mesh
    points = view.project(mesh.vertices)
    rasterise_strands(points, mesh.triangles, mesh.coverage, mesh.coordinates, scene.hair.strands, hair)
    if scene.props is not None:
        points = view.project(view.to_camera(scene.props.vertices))
        rasterise(points, scene.props.triangles, props)
    hair_visible = hair.depth > np.maximum(head.depth, props.depth)
    props_visible = props.depth > np.maximum(head.depth, hair.depth)
    return Layers(head, hair, props, hair_visible, props_visible)


def head_attributes(surface: HeadSurface, head: Head, vertices: Floats) -> Floats:
    """The attributes (n, ATTRIBUTES) that `describe_head` reads; vertices are in the camera's axes."""
    model = surface.model
    columns = (
        head.canonical,
        vertices,
        vertex_normals(vertices, model.triangles),
        surface.texture,
        surface.openness[:, None],
        model.face_region[:, None],
        model.iris_distance[:, None],
    )
    attributes = np.concatenate(columns, 1).astype(np.float32)
    assert attributes.shape[1] == ATTRIBUTES
    return attributes


def _paint_hair_and_props(picture: Floats, scene: Scene, layers: Layers) -> Booleans:
    """Paint over the head what is in front of it, and return where that hides the face."""
    hair = scene.hair
    attributes = interpolate(layers.hair, hair.mesh.triangles, hair_attributes(hair.mesh))
    reaching = light_reaching(attributes, layers.hair_visible, scene.lighting)
    colours = shade_hair(
        attributes, layers.hair_visible, reaching, hair.strands, hair.colour, hair.gloss, scene.lighting
    )
    picture[layers.hair_visible] = colours[layers.hair_visible]
    hidden = (layers.hair.depth > layers.head.depth) & (attributes[..., hair_module.HIDES] > 0.5)
    if scene.props is not None:
        prop = scene.props
        vertices = scene.view.to_camera(prop.vertices)
        normals = vertex_normals(vertices, prop.triangles)
        attributes = interpolate(layers.props, prop.triangles, prop_attributes(prop, vertices, normals))
        reaching = light_reaching(attributes, layers.props_visible, scene.lighting)
        colours = illuminate(attributes, layers.props_visible, reaching, scene.lighting)
        picture[layers.props_visible] = colours[layers.props_visible]
        hidden |= (layers.props.depth > layers.head.depth) & (attributes[..., props_module.HIDES] > 0.5)
    return hidden


def _paint_lenses(picture: Floats, lenses: Lenses, view: View, layers: Layers, generator: Generator) -> None:
    """Tint what is seen through the lenses and mirror blurred surroundings in them."""
    fragments = empty_fragments(view.size)
    rasterise(view.project(view.to_camera(lenses.vertices)), lenses.triangles, fragments)
    nearest = np.maximum(np.maximum(layers.head.depth, layers.hair.depth), layers.props.depth)
    seen = (fragments.depth > nearest) & (nearest > 0)
    if not seen.any():
        return
    level = picture[layers.head.triangle >= 0].mean() / 0.3
    picture[seen] += lenses.opacity * (lenses.tint * level - picture[seen])
    windows = cv2.GaussianBlur((generator.random((8, 8)) > 0.75).astype(np.float32), (0, 0), 0.8)
    mirrored = cv2.resize(windows, (view.size, view.size))
    picture[seen] += (lenses.reflection * level * mirrored[seen])[:, None]


@kernel
def label_pixels(attributes: Floats, triangle: Integers, materials: Integers, hidden: Booleans) -> Bytes:
    """NO_FACE, FACE or UNSUPERVISED_FACE at each pixel, (S, S)."""
    size = triangle.shape[0]
    labels = np.zeros((size, size), np.uint8)
    for row in range(size):
        for column in range(size):
            t = triangle[row, column]
            if t < 0 or hidden[row, column]:
                continue
            if materials[t] == SKIN or materials[t] == EYE:
                if attributes[row, column, 12] > 0.5:
                    labels[row, column] = FACE
            else:
                labels[row, column] = UNSUPERVISED_FACE
    return labels


@kernel
def reduce_labels(labels: Bytes, attributes: Floats) -> tuple[Bytes, Floats, Floats]:
    """Halve the resolution: mask (S/2, S/2), canonical points and camera points (3, S/2, S/2), zero off the mask.

    A pixel is face if at least two of its four are; the maps are the mean over those.
    """
    size = labels.shape[0] // 2
    mask = np.zeros((size, size), np.uint8)
    canonical, position = np.zeros((3, size, size), np.float32), np.zeros((3, size, size), np.float32)
    for row in range(size):
        for column in range(size):
            count, unsupervised = 0, 0
            for i in range(2 * row, 2 * row + 2):
                for j in range(2 * column, 2 * column + 2):
                    count += labels[i, j] > 0
                    unsupervised += labels[i, j] == UNSUPERVISED_FACE
            if count < 2:
                continue
            mask[row, column] = UNSUPERVISED_FACE if unsupervised > 0 else FACE
            for i in range(2 * row, 2 * row + 2):
                for j in range(2 * column, 2 * column + 2):
                    if labels[i, j] > 0:
                        for k in range(3):
                            canonical[k, row, column] += attributes[i, j, k] / count
                            position[k, row, column] += attributes[i, j, 3 + k] / count
    return mask, canonical, position


def _sample_exposure(picture: Floats, face: Booleans, generator: Generator) -> float:
    """Factor that brings the face to a random mean brightness."""
    level = np.exp(generator.normal(np.log(0.30), 0.4))
    return float(level / max(float(picture[face].mean()), 1e-4))


@kernel
def develop(picture: Floats, covered: Booleans, exposure: float, shoulder: float) -> Bytes:
    """Straight RGBA (S/2, S/2, 4) from linear colours (S, S, 3).

    The colours are exposed, compressed by 1 / (1 + shoulder * colour), averaged over what is covered, and encoded.
    """
    size = picture.shape[0] // 2
    image = np.zeros((size, size, 4), np.uint8)
    for row in range(size):
        for column in range(size):
            count = 0
            red, green, blue = 0.0, 0.0, 0.0
            for i in range(2 * row, 2 * row + 2):
                for j in range(2 * column, 2 * column + 2):
                    if covered[i, j]:
                        count += 1
                        r, g, b = picture[i, j, 0] * exposure, picture[i, j, 1] * exposure, picture[i, j, 2] * exposure
                        red += min(max(r / (1 + shoulder * r), 0.0), 1.2)
                        green += min(max(g / (1 + shoulder * g), 0.0), 1.2)
                        blue += min(max(b / (1 + shoulder * b), 0.0), 1.2)
            if count > 0:
                image[row, column, 0] = int(255 * min(red / count, 1.0) ** (1 / GAMMA) + 0.5)
                image[row, column, 1] = int(255 * min(green / count, 1.0) ** (1 / GAMMA) + 0.5)
                image[row, column, 2] = int(255 * min(blue / count, 1.0) ** (1 / GAMMA) + 0.5)
                image[row, column, 3] = int(255 * count / 4)
    return image
