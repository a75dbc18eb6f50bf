"""Shape keys get new coordinates, and keep what the artist has added to them."""

from collections.abc import Callable

import bpy
import numpy as np

from .mesh_object import Coordinates, mesh_coordinates, set_mesh_coordinates

#: What a key of ours added to the basis as it was made, None if nobody can have changed it, and what it adds now.
Change = tuple[Coordinates | None, Coordinates]

#: Metres by which a vertex has to lie beside the place it was given to count as moved by the artist.
MOVED = 1e-5


def change_keys(
    mesh: bpy.types.Mesh, basis: Coordinates, previous: Coordinates, change_of: Callable[[str], Change | None]
) -> None:
    """Set all keys of a mesh.

    What the artist has moved on the basis or on a key of ours stays moved as far; every other key keeps what it adds
    to the key it is relative to.

    Parameters
    ----------
    mesh : bpy.types.Mesh
    basis, previous : (n, 3) metres
        The basis as it is to be, and as it was made.
    change_of : callable
        The change of a key of ours by its name; None for keys of the artist's.
    """
    keys = mesh.shape_keys
    reference = keys.reference_key
    old = {key.name: mesh_coordinates(key.data) for key in keys.key_blocks}
    new = {reference.name: basis + _moved(old[reference.name] - previous)}

    def coordinates(key: bpy.types.ShapeKey) -> Coordinates:
        """The new coordinates of a key, after those of the key it is relative to."""
        if key.name in new:
            return new[key.name]
        if (change := change_of(key.name)) is not None:
            before, after = change
            new[key.name] = new[reference.name] + after
            if before is not None:
                new[key.name] += _moved(old[key.name] - old[reference.name] - before)
            return new[key.name]
        new[key.name] = new[reference.name] + old[key.name] - old[reference.name]  # what ends a circle of relative keys
        if (other := key.relative_key) != key:
            new[key.name] = coordinates(other) + old[key.name] - old[other.name]
        return new[key.name]

    for key in keys.key_blocks:
        set_mesh_coordinates(key.data, coordinates(key))
    set_mesh_coordinates(mesh.vertices, new[reference.name])


def _moved(offsets: Coordinates) -> Coordinates:
    """Offsets (n, 3) that are more than rounding."""
    offsets[np.linalg.norm(offsets, axis=1) < MOVED] = 0.0
    return offsets


def shown_coordinates(face: bpy.types.Object, without: str) -> Coordinates:
    """Coordinates (n, 3) of a face with its shape keys as they are set, without one of them and without modifiers."""
    keys = face.data.shape_keys
    if keys is None:
        return mesh_coordinates(face.data.vertices)
    shown = mesh_coordinates(keys.reference_key.data)
    for key in keys.key_blocks[1:]:
        if key.name != without and not key.mute and key.value:
            shown = shown + key.value * (mesh_coordinates(key.data) - mesh_coordinates(key.relative_key.data))
    return shown
