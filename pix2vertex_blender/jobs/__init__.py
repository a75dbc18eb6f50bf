"""What the worker process can be asked to do, one module for each family of jobs.

A job is a function ``job(request, progress) -> dict`` of a JSON request and a callback; arrays travel in files that the
request names. The libraries a job needs are imported inside it, so that the worker starts at once.
"""

from ..serving import Job
from . import check, detail, expressions, faces, inspect, maps, reconstruct, texture, turning, video, wrap

JOBS: dict[str, Job] = {
    **check.JOBS,
    **detail.JOBS,
    **expressions.JOBS,
    **faces.JOBS,
    **inspect.JOBS,
    **maps.JOBS,
    **reconstruct.JOBS,
    **texture.JOBS,
    **turning.JOBS,
    **video.JOBS,
    **wrap.JOBS,
}
