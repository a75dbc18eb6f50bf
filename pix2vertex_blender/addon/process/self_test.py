"""What the last self-test has found, to be shown in the preferences and copied."""

import platform
from dataclasses import dataclass, field
from typing import Any

import bpy

WORKS, FAILS, NOT_TRIED = "works", "fails", "not tried"

#: What is tested, in this order.
PARTS = ("Libraries", "Weights", "Device", "Network", "Registration", "Detail", "Blender Object")


@dataclass(frozen=True)
class Line:
    """One line of the report.

    Attributes
    ----------
    part : str
        One of `PARTS`.
    status : str
        `WORKS`, `FAILS` or `NOT_TRIED`.
    text : str
        What was found, or the sentence that tells why it failed.
    seconds : float
        How long it took.
    """

    part: str
    status: str
    text: str = ""
    seconds: float = 0.0


@dataclass
class SelfTest:
    """The lines of the last self-test and the devices that were found.

    Attributes
    ----------
    lines : list of Line
        Grows while the test runs.
    devices : list of dict
        Fields of `reconstruction.network.device_list.DeviceDescription`; empty until somebody has asked.
    """

    lines: list[Line] = field(default_factory=list)
    devices: list[dict[str, Any]] = field(default_factory=list)

    def fill_up(self) -> None:
        """Add a line for what was not tried any more."""
        tried = {line.part for line in self.lines}
        self.lines += [Line(part, NOT_TRIED) for part in PARTS if part not in tried]

    @property
    def passed(self) -> bool:
        """Whether everything works."""
        return len(self.lines) == len(PARTS) and all(line.status == WORKS for line in self.lines)

    def as_text(self) -> str:
        """The report, to be sent to somebody who can help."""
        head = f"pix2vertex self-test, Blender {bpy.app.version_string}, {platform.platform()}"
        devices = [device_text(device) for device in self.devices]
        lines = [f"{each.part:<16}{each.status:<11}{each.seconds:7.2f} s  {each.text}".rstrip() for each in self.lines]
        return "\n".join([head, *devices, *lines]) + "\n"


def device_text(device: dict[str, Any]) -> str:
    """A device in one line."""
    memory = " ({memory:.1f} GB)".format(memory=device["memory"]) if device["memory"] else ""
    fault = ": {fault}".format(fault=device["fault"]) if device["fault"] else ""
    return f"{device['device']}: {device['name']}{memory}{fault}"


SELF_TEST = SelfTest()
