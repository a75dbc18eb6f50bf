"""The sidebar tab of the 3D view, one module for each panel."""

from .batch import PIX2VERTEX_PT_batch
from .correct import PIX2VERTEX_PT_correct
from .detail import PIX2VERTEX_PT_detail
from .export import PIX2VERTEX_PT_export
from .inspect import PIX2VERTEX_PT_inspect
from .photo import PIX2VERTEX_PT_photo
from .reconstruct import PIX2VERTEX_PT_reconstruct
from .template import PIX2VERTEX_PT_template
from .texture import PIX2VERTEX_PT_texture

#: In the order of the sidebar.
CLASSES = (
    PIX2VERTEX_PT_photo,
    PIX2VERTEX_PT_reconstruct,
    PIX2VERTEX_PT_inspect,
    PIX2VERTEX_PT_correct,
    PIX2VERTEX_PT_detail,
    PIX2VERTEX_PT_texture,
    PIX2VERTEX_PT_export,
    PIX2VERTEX_PT_batch,
    PIX2VERTEX_PT_template,
)
