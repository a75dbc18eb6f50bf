"""Operators that choose the photo and the face in it."""

from pathlib import Path

import bpy

from ...errors import Pix2VertexError
from ...exchange.photo_files import PHOTO_GLOB, PHOTO_SUFFIXES
from ..images.open_image import open_image, photo_file_of
from ..process.photo_search import SEARCHES, photo_of, search_in_background, search_of, wait
from ..translations import translate

NO_PHOTO = "Choose a photo first."
NO_IMAGE = "There is no image called {name}: choose another one."


def chosen_photos(operator: bpy.types.Operator) -> list[str]:
    """The photos that were chosen or dropped: those of `files` in `directory`, or `filepath`, if there is one."""
    names = [file.name for file in operator.files if file.name]
    if not names:
        return [operator.filepath] if getattr(operator, "filepath", "") else []
    return [str(Path(operator.directory) / name) for name in names]


class PIX2VERTEX_OT_choose_photo(bpy.types.Operator):
    """Choose the portrait photo to reconstruct the face from, or several photos of the same person"""

    bl_idname = "pix2vertex.choose_photo"
    bl_label = "Use Photo for Face"
    bl_options = {"UNDO", "INTERNAL"}

    filepath: bpy.props.StringProperty(
        name="Photo", description="Portrait photo", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE"})
    directory: bpy.props.StringProperty(
        name="Folder", description="Where the photos are", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default=PHOTO_GLOB, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take what was dropped, or let the artist choose."""
        if self.filepath or self.files:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make it the scene's photo."""
        settings, photos = context.scene.pix2vertex, chosen_photos(self)
        if not photos:
            self.report({"ERROR"}, translate(NO_PHOTO))
            return {"CANCELLED"}
        settings.photo = photos[0]
        for other in photos[1:]:
            settings.others.add().name = other
        return {"FINISHED"}


class PIX2VERTEX_FH_photo(bpy.types.FileHandler):
    """Photos dropped onto the 3D viewport"""

    bl_idname = "PIX2VERTEX_FH_photo"
    bl_label = "Portrait Photo"
    bl_import_operator = PIX2VERTEX_OT_choose_photo.bl_idname
    bl_file_extensions = ";".join(sorted(PHOTO_SUFFIXES))

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only in the 3D viewport, its sidebar included."""
        return context.area is not None and context.area.type == "VIEW_3D"


class PIX2VERTEX_OT_one_photo(bpy.types.Operator):
    """Reconstruct from the first photo alone"""

    bl_idname = "pix2vertex.one_photo"
    bl_label = "One Photo Only"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget the other photos."""
        context.scene.pix2vertex.others.clear()
        return {"FINISHED"}


class PIX2VERTEX_OT_use_open_image(bpy.types.Operator):
    """Reconstruct the face in the image that is open in the Image Editor, even if it was never saved"""

    bl_idname = "pix2vertex.use_open_image"
    bl_label = "Use Open Image"
    bl_options = {"UNDO"}

    image: bpy.props.StringProperty(
        name="Image", description="An image of this file; the one in the Image Editor if empty", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only if there is an image at all; scripts name theirs."""
        if open_image(context) is None and not (bpy.app.background and bpy.data.images):
            cls.poll_message_set(translate("Open an image in an Image Editor"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the image's file the scene's photo."""
        image = bpy.data.images.get(self.image) if self.image else open_image(context)
        if image is None:
            self.report({"ERROR"}, translate(NO_IMAGE.format(name=self.image)))
            return {"CANCELLED"}
        try:
            context.scene.pix2vertex.photo = str(photo_file_of(image, context))
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            return {"CANCELLED"}
        return {"FINISHED"}


class PIX2VERTEX_OT_find_faces(bpy.types.Operator):
    """Look for the faces in the photo"""

    bl_idname = "pix2vertex.find_faces"
    bl_label = "Find Faces"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only with a photo whose faces are not being looked for."""
        settings = context.scene.pix2vertex
        if not settings.photo:
            cls.poll_message_set(translate(NO_PHOTO))
            return False
        search = search_of(settings)
        return search is None or not search.is_running

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Begin; a script gets the answer at once."""
        settings = context.scene.pix2vertex
        if not bpy.app.background:
            SEARCHES.by_photo.pop(photo_of(settings), None)
            search_in_background(settings)
            return {"FINISHED"}
        search = SEARCHES.begin(photo_of(settings), settings.device)
        wait(search)
        if search.sentence:
            self.report({"ERROR"}, translate(search.sentence))
            return {"CANCELLED"}
        return {"FINISHED"}


class PIX2VERTEX_OT_next_face(bpy.types.Operator):
    """Take another one of the faces that were found in the photo"""

    bl_idname = "pix2vertex.next_face"
    bl_label = "Next Face"
    bl_options = {"UNDO"}

    step: bpy.props.IntProperty(name="Step", description="1 for the next face, -1 for the one before", default=1)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only with several faces."""
        search = search_of(context.scene.pix2vertex)
        if search is None or len(search.faces) < 2:
            cls.poll_message_set(translate("There is only one face"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Count on, from the last one to the first."""
        settings = context.scene.pix2vertex
        search = search_of(settings)
        assert search is not None
        settings.face = (max(settings.face, 1) - 1 + self.step) % len(search.faces) + 1
        settings.use_face_box = False
        return {"FINISHED"}


CLASSES = (
    PIX2VERTEX_OT_choose_photo,
    PIX2VERTEX_OT_one_photo,
    PIX2VERTEX_FH_photo,
    PIX2VERTEX_OT_use_open_image,
    PIX2VERTEX_OT_find_faces,
    PIX2VERTEX_OT_next_face,
)
