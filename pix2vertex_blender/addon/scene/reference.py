"""Objects and scenes that may be renamed, undone or deleted while something runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy


@dataclass(frozen=True)
class Reference:
    """Finds an object or a scene again after Blender has run on, which a variable of Python may not survive.

    Attributes
    ----------
    kind : str
        The collection of `bpy.data`: objects or scenes.
    identity : int
        Blender's number of the datablock in this session, which undo and renaming keep.
    """

    kind: str
    identity: int

    @classmethod
    def to(cls, item: bpy.types.Object | bpy.types.Scene) -> "Reference":
        """A reference to an object or a scene."""
        return cls("objects" if isinstance(item, bpy.types.Object) else "scenes", item.session_uid)

    def find(self) -> bpy.types.Object | bpy.types.Scene | None:
        """The datablock; None if it has been deleted."""
        return next((item for item in getattr(bpy.data, self.kind) if item.session_uid == self.identity), None)


@contextmanager
def in_scene(reference: Reference) -> Iterator[None]:
    """Let Blender's context be that of a scene, if it still exists, whatever the artist looks at by now."""
    scene = reference.find()
    if scene is None or scene == bpy.context.scene:
        yield
        return
    layer = scene.view_layers[0]
    collection = layer.active_layer_collection.collection
    with bpy.context.temp_override(scene=scene, view_layer=layer, collection=collection):
        yield
