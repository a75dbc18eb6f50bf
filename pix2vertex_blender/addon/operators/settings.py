"""How operators take what their caller left open from the scene."""

import bpy


def take_settings(operator: bpy.types.Operator, settings: bpy.types.PropertyGroup, names: dict[str, str]) -> None:
    """Use the scene's settings for what the caller did not set: properties of the operator by those of the settings."""
    for name, setting in names.items():
        if not operator.properties.is_property_set(name):
            setattr(operator, name, getattr(settings, setting))
