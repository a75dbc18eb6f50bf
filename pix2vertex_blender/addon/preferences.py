"""The extension's preferences."""

import bpy

#: The package's name as Blender knows it: `bl_ext.<repository>.pix2vertex` when installed as an extension.
ADDON_PACKAGE = __package__.rpartition(".")[0]

_DEFAULT_IDLE_MINUTES = 5


class PIX2VERTEX_AP_preferences(bpy.types.AddonPreferences):
    """What belongs to the computer rather than to a scene."""

    bl_idname = ADDON_PACKAGE

    idle_minutes: bpy.props.IntProperty(
        name="Release Memory After (Minutes)",
        description="Minutes without work after which the memory of the reconstruction is given back",
        min=1,
        max=120,
        default=_DEFAULT_IDLE_MINUTES,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the preferences."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "idle_minutes")
        layout.operator("pix2vertex.release_memory")


CLASSES = (PIX2VERTEX_AP_preferences,)


def idle_seconds() -> float:
    """How long the worker waits for work before it ends."""
    addon = bpy.context.preferences.addons.get(ADDON_PACKAGE)
    minutes = addon.preferences.idle_minutes if addon and addon.preferences else _DEFAULT_IDLE_MINUTES
    return 60.0 * minutes
