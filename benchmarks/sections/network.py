"""How fast the network computes crops and learns on each device."""

from benchmarks import network, speed
from pix2vertex_blender.reconstruction.network.device import choose_device

from .section import Context, Section


def network_speed(_context: Context) -> Section:
    """Time per crop and samples a second in training, with the share of the device's peak."""
    section = Section("The network's speed")
    for name in speed.available_devices():
        section.tables += network.measure(choose_device(name))
    section.notes.append(
        "A crop is computed with its mirror image; a training step is one of `training.train`, with the optimiser. The"
        " operations are those of convolutions and matrix products; the peak is what a product of two large matrices"
        " reaches in the same precision."
    )
    if len(section.tables) == 2:
        section.notes.append("There is no graphics card on this machine.")
    return section
