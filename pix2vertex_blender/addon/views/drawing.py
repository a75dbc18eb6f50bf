"""Rectangles and words in a region of Blender's window."""

Point = tuple[float, float]
Colour = tuple[float, float, float, float]

_WHITE = (1.0, 1.0, 1.0, 1.0)


def fill(low: Point, high: Point, colour: Colour) -> None:
    """Fill a rectangle between two corners."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    gpu.state.blend_set("ALPHA")
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    corners = [low, (high[0], low[1]), high, (low[0], high[1])]
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners})
    shader.bind()
    shader.uniform_float("color", colour)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def write(place: Point, text: str, size: float, colour: Colour = _WHITE) -> None:
    """Write a line of text with a shadow, its left end at a place."""
    import blf

    blf.size(0, size)
    blf.color(0, *colour)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0, 0, 0, 0.9)
    blf.position(0, *place, 0)
    blf.draw(0, text)
    blf.disable(0, blf.SHADOW)
