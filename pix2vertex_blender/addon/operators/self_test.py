"""Operators of the preferences that find out what this computer has and whether everything works on it."""

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

import bpy

from ...errors import DataFileError, DeviceError, Pix2VertexError
from ...paths import SAMPLE_PORTRAIT
from ..process import session
from ..process.faults import explain
from ..process.job import Job
from ..process.self_test import FAILS, SELF_TEST, WORKS, Line
from ..properties.scene import DEVICES
from ..scene.face_grid import remove_face, selection_kept
from ..scene.face_object import build_face_object, detail_key
from ..translations import translate
from .worker_operator import Work, WorkerOperator

if TYPE_CHECKING:
    from ...exchange.report import Report
    from ...exchange.result import Reconstruction

PASSED, FAILED = "Everything works", "{part} does not work: {sentence}"
NO_DEVICE = "This computer has no working device '{device}': choose one of auto, {working}."
_STAGES = {"network": "Network", "target": "Registration", "alignment": "Registration", "registration": "Registration"}
_STAGES |= {"detail": "Detail"}

Check = Generator[Job, Job, None]


class PIX2VERTEX_OT_self_test(WorkerOperator, bpy.types.Operator):
    """Reconstruct the portrait of an astronaut that comes with the extension, and say what works"""

    bl_idname = "pix2vertex.self_test"
    bl_label = "Self-Test"

    device: bpy.props.EnumProperty(
        name="Device", description="Where the network is computed", items=DEVICES, options={"SKIP_SAVE"}
    )

    def work(self) -> Work:
        """Check one part after the other until one fails."""
        SELF_TEST.lines = []
        for part, check in (
            ("Libraries", self._check_libraries),
            ("Weights", self._check_weights),
            ("Device", self._check_devices),
            ("Network", self._check_reconstruction),
        ):
            self._part, self._started = part, time.perf_counter()
            try:
                yield from check()
            except Exception as error:
                sentence = explain(error, self._part)
                SELF_TEST.lines.append(Line(self._part, FAILS, sentence, time.perf_counter() - self._started))
                SELF_TEST.fill_up()
                raise Pix2VertexError(FAILED.format(part=self._part, sentence=sentence)) from None
        return PASSED

    def progress_of(self, job: Job) -> tuple[str, float]:
        """The part that is being checked."""
        part = _STAGES.get(job.stage, self._part)
        return part, job.fraction

    def _check_libraries(self) -> Check:
        job = yield session.worker().submit("check_libraries")
        self._works(", ".join(f"{name} {version}" for name, version in job.result["versions"].items()))

    def _check_weights(self) -> Check:
        job = yield session.worker().submit("check_weights")
        text = "{parameters:.1f} million parameters, template of {vertices} vertices"
        self._works(text.format(parameters=job.result["parameters"] / 1e6, vertices=job.result["vertices"]))

    def _check_devices(self) -> Check:
        job = yield session.worker().submit("list_devices")
        SELF_TEST.devices = job.result["devices"]
        working = [device["device"] for device in SELF_TEST.devices if not device["fault"]]
        if self.device not in ("auto", *working):
            raise DeviceError(NO_DEVICE.format(device=self.device, working=", ".join(working)))
        self._works(", ".join(working))

    def _check_reconstruction(self) -> Check:
        result = self.temporary_file(".npz")
        job = session.worker().submit(
            "reconstruct",
            photo=str(SAMPLE_PORTRAIT),
            options={"device": self.device, "detail_level": 1},
            result=str(result),
        )
        try:
            yield job
        except Pix2VertexError:
            self._part = _STAGES.get(job.stage, self._part)
            raise
        from ...exchange.result import Reconstruction

        reconstruction = Reconstruction.load(result)
        for line in _reconstruction_lines(reconstruction.report):
            SELF_TEST.lines.append(line)
        self._part, self._started = "Blender Object", time.perf_counter()
        self._works(_build_and_remove(reconstruction))

    def _works(self, text: str) -> None:
        SELF_TEST.lines.append(Line(self._part, WORKS, text, time.perf_counter() - self._started))


class PIX2VERTEX_OT_list_devices(WorkerOperator, bpy.types.Operator):
    """Ask which devices of this computer the network can be computed on, and how much memory they have"""

    bl_idname = "pix2vertex.list_devices"
    bl_label = "Find Devices"

    def work(self) -> Work:
        """Ask the worker, since Blender itself never loads torch."""
        job = yield session.worker().submit("list_devices")
        SELF_TEST.devices = job.result["devices"]
        return f"{len(SELF_TEST.devices)} devices found"


class PIX2VERTEX_OT_copy_self_test(bpy.types.Operator):
    """Copy the report of the self-test to the clipboard"""

    bl_idname = "pix2vertex.copy_self_test"
    bl_label = "Copy Report"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only after a self-test."""
        if not SELF_TEST.lines:
            cls.poll_message_set(translate("Run the self-test first"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy it."""
        context.window_manager.clipboard = SELF_TEST.as_text()
        return {"FINISHED"}


class PIX2VERTEX_OT_open_folder(bpy.types.Operator):
    """Show the folder with the log of the reconstruction process"""

    bl_idname = "pix2vertex.open_folder"
    bl_label = "Open Folder"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Hand the folder to the system's file browser."""
        folder = session.user_folder()
        try:
            bpy.ops.wm.path_open(filepath=str(folder))
        except RuntimeError:
            self.report({"ERROR"}, translate(f"{folder} cannot be opened on this system."))
            return {"CANCELLED"}
        return {"FINISHED"}


def _reconstruction_lines(report: "Report") -> list[Line]:
    """What the report of a reconstruction says about the parts."""
    seconds, registration = report.seconds, report.registration
    network = f"{report.device}, confidence {report.confidence:.2f}"
    distance = f"{registration.iterations} iterations, median distance {registration.median_distance_mm:.2f} mm"
    fitting = sum(seconds[stage] for stage in ("target", "alignment", "registration"))
    return [
        Line("Network", WORKS, network, seconds["detect"] + seconds["network"]),
        Line("Registration", WORKS, distance, fitting),
        Line("Detail", WORKS, "", seconds["detail"]),
    ]


def _build_and_remove(reconstruction: "Reconstruction") -> str:
    """Build the object, look at it, and take it away again."""
    with selection_kept(bpy.context):
        face = build_face_object(reconstruction, bpy.context, photo=SAMPLE_PORTRAIT, with_eyeballs=True)
        try:
            if detail_key(face) is None:
                raise DataFileError("The object has no detail: install the extension again.")
            return f"{len(face.data.vertices)} vertices"
        finally:
            remove_face(face)


CLASSES = (
    PIX2VERTEX_OT_self_test,
    PIX2VERTEX_OT_list_devices,
    PIX2VERTEX_OT_copy_self_test,
    PIX2VERTEX_OT_open_folder,
)
