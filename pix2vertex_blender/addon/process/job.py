"""One piece of the worker's work, as Blender knows it."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class JobStatus(Enum):
    """Where a job is."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass
class Job:
    """One piece of work in the worker, brought up to date by `WorkerClient.poll`.

    Attributes
    ----------
    number : int
        The job's number in requests and replies.
    request : dict
        What was sent.
    deliveries : int
        How often it was sent: twice when an idle worker ended just then.
    status : JobStatus
        RUNNING until the worker's final reply or its death.
    stages : list of str
        What the worker has begun to do, in order; empty until the first news.
    fraction : float
        How far the last stage is.
    result : dict
        The fields of the worker's final reply, when DONE.
    error : str
        One sentence for the artist, when FAILED.
    fault : bool
        Whether the failure was a fault of ours rather than something the artist can change.
    """

    number: int
    request: dict[str, Any]
    deliveries: int = 0
    status: JobStatus = JobStatus.RUNNING
    stages: list[str] = field(default_factory=list)
    fraction: float = 0.0
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    fault: bool = False

    @property
    def stage(self) -> str:
        """What the worker does now; empty until the first news."""
        return self.stages[-1] if self.stages else ""
