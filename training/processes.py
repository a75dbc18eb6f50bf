"""The processes that train together, started by `torchrun`, and those that read samples for them."""

import os

import torch
import torch.distributed as distributed


def start_processes(device: torch.device) -> None:
    """Join the other processes if `torchrun` started this one."""
    if "RANK" in os.environ:
        # What is said about the training itself lies in the processor's memory, which NCCL does not know.
        distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


def process_count() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def is_first_process() -> bool:
    """Whether this process is the one that writes."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def stream_seed(seed: int, step: int) -> tuple[int, ...]:
    """Of the samples after a step: every process, and every start of a training, draws its own, the same each time."""
    return (seed, step, distributed.get_rank() if distributed.is_initialized() else 0)


def reader_count(device: torch.device) -> int:
    """How many processes read samples: all cores that a graphics card leaves, one beside training on the processor."""
    if device.type == "cpu":
        return 1
    return max(1, core_count() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")) - 1)


def core_count() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
