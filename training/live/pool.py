"""The looks that a graphics card keeps, and the batches that it draws of them."""

import queue
import threading
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data.samples import CORRESPONDENCE_STEPS, GEOMETRY_STEPS
from ..identity.looks import Looks
from ..losses import Batch
from ..template.landmarks import MIRROR
from .looks import look_shapes
from .painters import Painters

#: Of the logarithms of a look's exponent, brightness and channels' brightness when it is drawn again; of its noise.
EXPONENT, BRIGHTNESS, TINT, NOISE = 0.10, 0.08, 0.03, 0.012


class JointBatch(NamedTuple):
    """A batch for both networks.

    Attributes
    ----------
    maps : Batch
    looks : Looks
        Those of the same images.
    says_enough : (B,) float32
        Which of them say whose head it is.
    """

    maps: Batch
    looks: Looks
    says_enough: Tensor


class Pool:
    """The last looks that painters made, on a device, the newest in place of the oldest.

    Parameters
    ----------
    capacity : int
        Looks.
    resolution : int
    mirror : (k, k)
        What makes coefficients those of the mirrored heads, from the right.
    device : torch.device
    """

    def __init__(self, capacity: int, resolution: int, mirror: NDArray[np.float64], device: torch.device) -> None:
        self.capacity, self.device = capacity, device
        self.fields = {
            name: torch.empty((capacity, *shape), dtype=torch.from_numpy(np.empty(0, kind)).dtype, device=device)
            for name, (shape, kind) in look_shapes(resolution, len(mirror)).items()
        }
        self.mirror = torch.as_tensor(mirror, dtype=torch.float32, device=device)
        self.landmark_mirror = torch.as_tensor(MIRROR, device=device)
        self.received = 0

    def __len__(self) -> int:
        """How many looks there are."""
        return min(self.received, self.capacity)

    def add(self, looks: dict[str, Tensor]) -> None:
        """Take some looks in, by field."""
        count = len(looks["size"])
        places = (torch.arange(count, device=self.device) + self.received) % self.capacity
        for name, values in looks.items():
            self.fields[name][places] = values
        self.received += count

    def draw(self, count: int) -> JointBatch:
        """A batch of random looks, half of them mirrored, each with a camera of its own."""
        chosen = torch.randint(len(self), (count,), device=self.device)
        batch = self.batch(chosen, torch.rand(count, device=self.device) < 0.5)
        images = developed_anew(batch.maps.images)
        return JointBatch(batch.maps._replace(images=images), batch.looks._replace(images=images), batch.says_enough)

    def batch(self, chosen: Tensor, mirrored: Tensor) -> JointBatch:
        """The looks of some places (B,), some of them mirrored (B,)."""
        raw = {name: values[chosen] for name, values in self.fields.items()}
        sign = torch.where(mirrored, -1.0, 1.0)
        flip = mirrored[:, None, None, None]
        images = torch.where(flip, raw["image"].flip(3), raw["image"])
        masks = torch.where(flip[:, 0], raw["mask"].flip(2), raw["mask"])
        maps = []
        for name, steps in (("correspondence", CORRESPONDENCE_STEPS), ("geometry", GEOMETRY_STEPS)):
            values = torch.where(flip, raw[name].flip(3), raw[name]).float() / steps
            values[:, 0] *= sign[:, None, None]
            maps.append(values)
        poses = raw["pose"] * torch.stack([sign, torch.ones_like(sign), sign], 1)
        size = images.shape[3]
        other = torch.stack([size - raw["landmarks"][..., 0], raw["landmarks"][..., 1]], 2)[:, self.landmark_mirror]
        landmarks = torch.where(flip[..., 0], other, raw["landmarks"])
        coefficients = torch.where(mirrored[:, None], raw["coefficients"] @ self.mirror, raw["coefficients"])
        return JointBatch(
            Batch(images, masks, maps[0], maps[1], poses, landmarks),
            Looks(images, coefficients, raw["size"]),
            raw["says_enough"],
        )


def developed_anew(images: Tensor) -> Tensor:
    """Images (B, 3, S, S) in 0 to 255 with other tones, tints and noise, in float."""

    def drawn(channels: int, deviation: float) -> Tensor:
        return torch.exp(deviation * torch.randn(len(images), channels, 1, 1, device=images.device))

    toned = (images.float() / 255) ** drawn(1, EXPONENT) * drawn(1, BRIGHTNESS) * drawn(3, TINT)
    noise = NOISE * torch.rand(len(images), 1, 1, 1, device=images.device) * torch.randn_like(toned)
    return 255 * (toned + noise).clamp(0, 1)


class Fetcher(threading.Thread):
    """Brings looks from the painters to the device while it computes; `deliver` puts them into the pools.

    Parameters
    ----------
    painters : Painters
    pool, held_out : Pool
        Of those that are taught, and of those that are not.
    most_waiting : int
        Looks that wait for `deliver`.
    """

    def __init__(self, painters: Painters, pool: Pool, held_out: Pool, most_waiting: int = 256) -> None:
        super().__init__(daemon=True)
        self.painters, self.pool, self.held_out = painters, pool, held_out
        self._waiting: queue.Queue[tuple[dict[str, Tensor], bool]] = queue.Queue(most_waiting)

    def run(self) -> None:
        """Fetch without end."""
        while True:
            self._waiting.put(self.painters.fetch(self.pool.device))

    def deliver(self) -> None:
        """Put what has come into the pools; waits for nothing.

        Raises
        ------
        RuntimeError
            If nothing comes any more.
        """
        if not self.is_alive():
            raise RuntimeError("No looks are fetched any more; what went wrong is said above.")
        come: dict[bool, list[dict[str, Tensor]]] = {False: [], True: []}
        for _ in range(self._waiting.qsize()):
            look, held_out = self._waiting.get()
            come[held_out].append(look)
        for held_out, looks in come.items():
            if looks:
                pool = self.held_out if held_out else self.pool
                pool.add({name: torch.stack([look[name] for look in looks]) for name in looks[0]})
