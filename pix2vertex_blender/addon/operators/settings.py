"""How operators take what their caller left open from the scene."""

from collections.abc import Mapping
from typing import Any

import bpy


def take_unset(operator: bpy.types.Operator, values: Mapping[str, Any]) -> None:
    """Use values for those of the operator's properties that the caller did not set."""
    for name, value in values.items():
        if not operator.properties.is_property_set(name):
            setattr(operator, name, value)


def take_settings(operator: bpy.types.Operator, settings: bpy.types.PropertyGroup, *names: str, **others: str) -> None:
    """Use the scene's settings for properties of these names that the caller did not set.

    Parameters
    ----------
    operator : bpy.types.Operator
    settings : bpy.types.PropertyGroup
    names : str
        Of properties of both.
    others : str
        Names in the settings of properties that the operator calls something else.
    """
    sources = {name: name for name in names} | others
    take_unset(operator, {name: getattr(settings, source) for name, source in sources.items()})
