"""In Blender's window: the real pointer and keyboard, and what lies under the pointer.

Blender does nothing while Python runs, so every wait is a `yield` of seconds to the timer that runs the script.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import bpy

TAB = "pix2vertex"

#: Pixels between two looks in a column of buttons, and seconds that Blender gets to notice the pointer.
STEP = 12
NOTICE = 0.15


@dataclass(frozen=True)
class Button:
    """Something under the pointer: what it does, and where it is on the screen from the top left."""

    text: str
    x: int
    y: int


def view() -> tuple[bpy.types.Window, bpy.types.Area, bpy.types.Region, bpy.types.Region]:
    """The first window, its largest 3D view, that view's sidebar and its viewport."""
    window = bpy.context.window_manager.windows[0]
    area = max(
        (area for area in window.screen.areas if area.type == "VIEW_3D"), key=lambda area: area.width * area.height
    )
    sidebar = next(region for region in area.regions if region.type == "UI")
    viewport = next(region for region in area.regions if region.type == "WINDOW")
    return window, area, sidebar, viewport


def sidebar_rectangle() -> tuple[int, int, int, int]:
    """Left, top, width and height of the sidebar on the screen."""
    window, _area, sidebar, _viewport = view()
    return sidebar.x, window.height - sidebar.y - sidebar.height, sidebar.width, sidebar.height


def xdotool(*arguments: object) -> None:
    """Move, click or type."""
    subprocess.run(["xdotool", *map(str, arguments)], check=True, capture_output=True)


def move(x: int, y: int) -> None:
    """Put the pointer somewhere on the screen."""
    xdotool("mousemove", x, y)


def shot(path: str) -> None:
    """Take a picture of the whole screen."""
    subprocess.run(["scrot", "--overwrite", path], check=True)


def under_pointer() -> str:
    """The Python command of the button under the pointer, or the data path of the property; empty if there is none."""
    window, area, sidebar, _viewport = view()
    manager = bpy.context.window_manager
    manager.clipboard = ""
    with bpy.context.temp_override(window=window, area=area, region=sidebar):
        for operator in (bpy.ops.ui.copy_python_command_button, bpy.ops.ui.copy_data_path_button):
            if operator.poll():
                try:
                    operator()
                except RuntimeError:
                    continue
                if manager.clipboard:
                    break
    return manager.clipboard


def find(text: str, across: float = 0.5) -> Iterator[float]:
    """Sweep the pointer down the sidebar for a button; the generator's value is a `Button`, or None."""
    left, top, width, height = sidebar_rectangle()
    x = left + int(across * (width - 30))
    for y in range(top + STEP, top + height, STEP):
        move(x, y)
        yield NOTICE
        found = under_pointer()
        if text in found:
            return Button(found, x, y + STEP // 3)
        if not found and y > top + 0.9 * height:
            break
    return None


def click(button: Button) -> None:
    """Click a button."""
    move(button.x, button.y)
    xdotool("click", 1)


def drag(x: int, y: int, dx: int, dy: int) -> Iterator[float]:
    """Drag from one place to another as a hand does."""
    move(x, y)
    yield 4 * NOTICE
    xdotool("mousedown", 1)
    yield 4 * NOTICE
    for part in range(1, 13):
        move(x + dx * part // 12, y + dy * part // 12)
        yield NOTICE
    xdotool("mouseup", 1)
    yield 4 * NOTICE
