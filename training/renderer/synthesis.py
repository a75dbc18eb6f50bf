"""One synthetic portrait from random numbers: head, clothes, light, camera, picture and labels."""

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator

from ..arrays import Booleans, Floats
from ..data.samples import Sample
from ..face_model import CANONICAL_CENTRE, CANONICAL_SCALE, HEAD, LANDMARKS_68
from ..face_sampling import Head, ShapeParameters, sample_head
from .belongings import props as props_module
from .belongings.glasses import Lenses, sample_glasses
from .belongings.hands import sample_hand
from .belongings.hats import sample_hat
from .belongings.objects import sample_face_mask, sample_object, sample_scarf
from .belongings.props import Prop, join_props, prop_attributes
from .camera import View, ViewParameters, sample_view
from .colours import sample_hair_colour
from .hair import shading as hair_shading
from .hair.hair import Hair, sample_hair
from .hair.shading import hair_attributes, shade_hair
from .lighting import Lighting, cast_shadows, illuminate, light_reaching, sample_lighting
from .pixels import develop, label_pixels, reduce_labels
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
    hidden = (layers.hair.depth > layers.head.depth) & (attributes[..., hair_shading.HIDES] > 0.5)
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


def _sample_exposure(picture: Floats, face: Booleans, generator: Generator) -> float:
    """Factor that brings the face to a random mean brightness."""
    level = np.exp(generator.normal(np.log(0.30), 0.4))
    return float(level / max(float(picture[face].mean()), 1e-4))
