"""What an artist chooses wherever photos are reconstructed."""

from collections.abc import Mapping
from typing import Any

import bpy

from ..properties.scene import DEVICES


class ReconstructionChoices:
    """Mixed into an operator, its properties, which the scene's settings stand in for where the caller set none."""

    device: bpy.props.EnumProperty(
        name="Device", description="Where the network is computed", items=DEVICES, options={"SKIP_SAVE"}
    )
    detail_level: bpy.props.IntProperty(
        name="Detail Level",
        description="How often the head's faces are divided into four",
        min=0,
        max=3,
        default=2,
        options={"SKIP_SAVE"},
    )
    with_eyeballs: bpy.props.BoolProperty(
        name="Eyes and Mouth",
        description="Add eyeballs, teeth and tongue as child objects",
        default=True,
        options={"SKIP_SAVE"},
    )

    # Of Blender's Operator, which the class with this mixin also has as a base.
    properties: Any

    def take_unset(self, values: Mapping[str, Any]) -> None:
        """Use `values` for those properties that the caller did not set."""
        for name, value in values.items():
            if not self.properties.is_property_set(name):
                setattr(self, name, value)
