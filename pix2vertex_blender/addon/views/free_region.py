"""The part of a 3D view that the artist sees, beside the sidebar and the toolbar that lie on it."""

import bpy

#: Low and high corner in the pixels of the view's main region.
Rectangle = tuple[tuple[float, float], tuple[float, float]]


def main_region(area: bpy.types.Area) -> bpy.types.Region:
    """The region of a 3D view that shows the scene."""
    return next(region for region in area.regions if region.type == "WINDOW")


def free_rectangle(area: bpy.types.Area, region: bpy.types.Region) -> Rectangle:
    """The part of a 3D view's main region that no other region lies on."""
    left, right = 0.0, float(region.width)
    top = float(region.height)
    for other in area.regions:
        if other.width <= 1 or other.height <= 1:
            continue
        if other.type == "UI":
            right = min(right, float(other.x - region.x))
        elif other.type == "TOOLS":
            left = max(left, float(other.x + other.width - region.x))
        elif other.type in {"HEADER", "TOOL_HEADER"} and other.y > region.y + region.height / 2:
            top = min(top, float(other.y - region.y))
    return (left, 0.0), (max(right, left + 1.0), max(top, 1.0))
