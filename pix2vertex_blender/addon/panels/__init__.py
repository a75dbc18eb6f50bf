"""The sidebar tab of the 3D view, one module for each panel and those that are folded into it."""

from . import expression, shape
from .batch import PIX2VERTEX_PT_batch
from .correct import PIX2VERTEX_PT_correct
from .export import PIX2VERTEX_PT_export, PIX2VERTEX_PT_finish
from .inspect import PIX2VERTEX_PT_inspect, PIX2VERTEX_PT_inspect_advanced
from .photo import PIX2VERTEX_PT_photo
from .reconstruct import PIX2VERTEX_PT_reconstruct, PIX2VERTEX_PT_reconstruct_options
from .result import PIX2VERTEX_PT_detail, PIX2VERTEX_PT_result, PIX2VERTEX_PT_texture
from .template import PIX2VERTEX_PT_template
from .turn import PIX2VERTEX_PT_turn
from .video import PIX2VERTEX_PT_video
from .views import PIX2VERTEX_PT_views
from .wrap import PIX2VERTEX_PT_own_head, PIX2VERTEX_PT_wrap

#: In the order of the sidebar: what is used most comes first, and is open.
CLASSES = (
    PIX2VERTEX_PT_photo,
    PIX2VERTEX_PT_reconstruct,
    PIX2VERTEX_PT_reconstruct_options,
    PIX2VERTEX_PT_result,
    *shape.CLASSES,
    PIX2VERTEX_PT_views,
    PIX2VERTEX_PT_texture,
    PIX2VERTEX_PT_detail,
    *expression.CLASSES,
    PIX2VERTEX_PT_export,
    PIX2VERTEX_PT_finish,
    PIX2VERTEX_PT_correct,
    PIX2VERTEX_PT_inspect,
    PIX2VERTEX_PT_inspect_advanced,
    PIX2VERTEX_PT_turn,
    PIX2VERTEX_PT_batch,
    PIX2VERTEX_PT_video,
    PIX2VERTEX_PT_wrap,
    PIX2VERTEX_PT_own_head,
    PIX2VERTEX_PT_template,
)
