"""What the artist sets for turning a photo."""

import math
from typing import Any

import bpy

from ...exchange.turning import MOST_PITCH, MOST_YAW

#: In radians, as Blender has angles.
LARGEST_YAW, LARGEST_PITCH = math.radians(MOST_YAW), math.radians(MOST_PITCH)


def turn_angles(to_the_side: float = 0.0, **choices: Any) -> dict[str, Any]:
    """The two angles, as annotations of whatever has them.

    Parameters
    ----------
    to_the_side : float
        Degrees at the beginning.
    choices : dict
        Whatever else Blender's properties take.
    """
    return {
        "yaw": bpy.props.FloatProperty(
            name="To the Side",
            description="How far the face turns to the right of the picture",
            subtype="ANGLE",
            min=-LARGEST_YAW,
            max=LARGEST_YAW,
            default=math.radians(to_the_side),
            **choices,
        ),
        "pitch": bpy.props.FloatProperty(
            name="Downwards",
            description="How far the face turns downwards",
            subtype="ANGLE",
            min=-LARGEST_PITCH,
            max=LARGEST_PITCH,
            **choices,
        ),
    }


class PIX2VERTEX_PG_turn(bpy.types.PropertyGroup):
    """The settings of Turn Photo."""

    __annotations__ = turn_angles(to_the_side=25.0)


CLASSES = (PIX2VERTEX_PG_turn,)


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.pix2vertex_turn = bpy.props.PointerProperty(type=PIX2VERTEX_PG_turn)


def detach() -> None:
    """Take the settings away again."""
    del bpy.types.Scene.pix2vertex_turn
