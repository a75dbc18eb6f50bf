"""Faces of other detail levels than those that tests make up."""

import dataclasses

import numpy as np

from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template


def at_level(face: Reconstruction, level: int) -> Reconstruction:
    """A reconstruction as the worker makes it at another level."""
    template, fine = load_template(), load_template(level)
    return dataclasses.replace(
        face,
        vertices=template.subdivide(face.vertices, level),
        detail=template.subdivide(face.detail, level),
        faces=fine.faces.astype(np.int32),
        uvs=fine.uvs.astype(np.float32),
        groups={name: weights.astype(np.float32) for name, weights in fine.groups.items()},
        detail_level=level,
    )
