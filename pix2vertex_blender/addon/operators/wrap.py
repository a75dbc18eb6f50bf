"""Wrap: our head onto a scan of the scene, or onto a depth photo."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import bpy
import numpy as np

from ...errors import PhotoError, SceneError
from ...exchange.progress import STAGE_LABELS
from ..images.texture_size import AUTOMATIC
from ..process import session
from ..properties.wrap import SCAN_UNITS, SOURCES
from ..scene.face_object import build_face_object
from ..scene.reference import Reference, in_scene
from ..scene.scan_object import NO_SCAN, placed_on_scan, read_scan
from ..views.arrival import arrive, show_texture
from .reconstruction_choices import ReconstructionChoices
from .settings import take_unset
from .texture import TEXTURE, put_on, texture_files
from .worker_operator import Work, WorkerOperator

#: Texels along each side of a scan's texture, unless the artist has chosen.
SIDE = 2048

WRAPPED = "{face} lies on {scan}, {median} mm off in the median"
UNIT_FOUND = "{face} lies on {scan}, {median} mm off in the median; the scan's unit seems to be {unit}"
UNIT_UNKNOWN = "{face} lies on {scan}, whose unit is unknown: it is taken for as large as a usual head"
PAINTING = "Painting the head"
NO_DEPTH_PHOTO = "Choose the colour photo of a depth photo, and its depth image if the photo does not carry its depth."


class PIX2VERTEX_OT_wrap(ReconstructionChoices, WorkerOperator, bpy.types.Operator):
    """Lay a head with our topology over a scanned head"""

    bl_idname = "pix2vertex.wrap"
    bl_label = "Wrap Scan"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = {**STAGE_LABELS, "texture": PAINTING}

    source: bpy.props.EnumProperty(name="Scan", description="What is wrapped", items=SOURCES, options={"SKIP_SAVE"})
    target: bpy.props.StringProperty(
        name="Scan",
        description="Name of the mesh object to wrap; the active object if empty",
        options={"SKIP_SAVE"},
    )
    unit: bpy.props.EnumProperty(
        name="Unit", description="The scan's unit of length", items=SCAN_UNITS, options={"SKIP_SAVE"}
    )
    colour: bpy.props.StringProperty(
        name="Colour Photo", description="Colours of the depth photo", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    depth: bpy.props.StringProperty(
        name="Depth Image",
        description="Depths of the depth photo: 16-bit PNG in millimetres or OpenEXR; empty if the photo carries them",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    intrinsics: bpy.props.FloatVectorProperty(
        name="Intrinsics",
        description="Focal lengths and principal point of the depth image's camera in pixels",
        size=4,
        options={"SKIP_SAVE"},
    )
    with_texture: bpy.props.BoolProperty(
        name="Texture",
        description="Put the scan's own colours onto the head's UVs, if it has some",
        default=False,
        options={"SKIP_SAVE"},
    )
    seed: bpy.props.IntProperty(name="Seed", description="Seed of the random choices", min=0, options={"SKIP_SAVE"})

    def work(self) -> Work:
        """Have the scan wrapped, and add the head where it lies."""
        from ...exchange.result import Reconstruction

        self._take_scene_settings(bpy.context)
        scene, result = Reference.to(bpy.context.scene), self.temporary_file(".npz")
        request, name = self._depth_photo() if self.source == "DEPTH" else self._mesh()
        options = {"device": self.device, "detail_level": self.detail_level, "seed": self.seed}
        if self.source == "MESH":
            options["unit"] = self.unit
        files = texture_files(self)
        texture = bpy.context.scene.pix2vertex_texture
        size, storage = int(texture.size) if texture.size != AUTOMATIC else SIDE, texture.storage
        if self.with_texture:
            request |= {"texture_files": {each: str(file) for each, file in files.items()}, "texture_size": size}
        job = yield session.worker().submit("wrap", options=options, result=str(result), **request)
        report = job.result["report"]
        reconstruction = Reconstruction.load(result)
        with in_scene(scene):
            face = build_face_object(reconstruction, bpy.context, with_eyeballs=self.with_eyeballs)
            if self.source == "MESH":
                face.matrix_world = placed_on_scan(np.array(report["matrix"]))
        arrive(face, bpy.context)
        if job.result.get("textured") and put_on(face, files, storage):
            show_texture(face, TEXTURE, bpy.context)
        return _sentence(face.name, name, report)

    def _mesh(self) -> tuple[dict[str, Any], str]:
        from ...exchange.arrays import write_arrays

        item = bpy.data.objects.get(self.target) if self.target else bpy.context.active_object
        if item is None or item.type != "MESH":
            raise SceneError(NO_SCAN)
        scan, mesh = read_scan([item], bpy.context), self.temporary_file("_scan.npz")
        write_arrays(mesh, **scan.arrays)
        texture = {"texture": str(scan.texture)} if scan.texture is not None else {}
        return {"mesh": str(mesh), **texture}, item.name

    def _depth_photo(self) -> tuple[dict[str, Any], str]:
        if not self.colour:
            raise PhotoError(NO_DEPTH_PHOTO)
        colour = Path(bpy.path.abspath(self.colour))
        request: dict[str, Any] = {"colour": str(colour)}
        if self.depth:
            request["depth"] = bpy.path.abspath(self.depth)
        if any(self.intrinsics):
            request["intrinsics"] = list(self.intrinsics)
        return request, colour.name

    def _take_scene_settings(self, context: bpy.types.Context) -> None:
        """Use the scene's settings for what the caller did not set."""
        shared, own = context.scene.pix2vertex, context.scene.pix2vertex_wrap
        values: dict[str, Any] = {
            "device": shared.device,
            "detail_level": shared.detail_level,
            "with_eyeballs": shared.with_eyeballs,
            "unit": own.unit,
        }
        if self.options.is_invoke:  # a script says what it wants to wait for
            values["with_texture"] = shared.with_texture
        given: Sequence[str] = [each for each in ("target", "colour", "depth") if self.properties.is_property_set(each)]
        if not given:  # a script that names one thing means nothing else
            values |= {"source": own.source, "colour": own.colour, "depth": own.depth, "intrinsics": own.intrinsics}
            values |= {"target": own.target.name if own.target is not None else ""}
        elif "target" not in given:
            values |= {"source": "DEPTH"}
        take_unset(self, values)


def _sentence(face: str, scan: str, report: dict[str, Any]) -> str:
    sentence = UNIT_UNKNOWN if report["unit"] == "unknown" else UNIT_FOUND if report["unit_found"] else WRAPPED
    median = f"{report['median_distance_mm']:.2f}"
    return sentence.format(face=face, scan=scan, median=median, unit=report["unit"])


CLASSES = (PIX2VERTEX_OT_wrap,)
