"""What an artist chooses wherever photos are reconstructed."""

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
