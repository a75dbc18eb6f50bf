"""What the artist sets for a movie of a face."""

import bpy

ACTORS = (
    ("NEW", "New Face", "Reconstruct the person from the best frames of the movie, with expressions and a rig"),
    ("ACTIVE", "Active Face", "Move the active face, which shows the person in the movie"),
)


class PIX2VERTEX_PG_video(bpy.types.PropertyGroup):
    """The settings of Face from Video."""

    movie: bpy.props.StringProperty(
        name="Movie", description="A movie of one face, or one image of a sequence", subtype="FILE_PATH"
    )
    actor: bpy.props.EnumProperty(name="Face", description="Who moves", items=ACTORS)


CLASSES = (PIX2VERTEX_PG_video,)


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.pix2vertex_video = bpy.props.PointerProperty(type=PIX2VERTEX_PG_video)


def detach() -> None:
    """Take the settings away again."""
    del bpy.types.Scene.pix2vertex_video
