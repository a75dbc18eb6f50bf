"""The exceptions of the product. Each message is one sentence for an artist: what is wrong and what to do."""


class Pix2VertexError(Exception):
    """Base class: the input cannot be used as it is. Its text is shown to the user unchanged."""


class PhotoError(Pix2VertexError):
    """The photo cannot be read or is too small."""


class FaceNotFoundError(Pix2VertexError):
    """There is no face in the photo or in the box the user gave."""


class DeviceError(Pix2VertexError):
    """The requested compute device does not exist or fails its probe."""


class DataFileError(Pix2VertexError):
    """A file the product ships (template, weights) is missing or damaged."""


class RecordError(Pix2VertexError):
    """What is kept with a face object is missing, damaged or of another version."""


class SceneError(Pix2VertexError):
    """An object of the Blender file cannot be used or changed."""


class MeshError(Pix2VertexError):
    """A mesh is not one the algorithm can work on: wrong shapes, degenerate triangles, edges of more than two faces."""


class RegistrationError(Pix2VertexError):
    """The template cannot be aligned with or registered to the target."""


class OutputError(Pix2VertexError):
    """The output cannot be written."""


class Cancelled(Exception):  # noqa: N818 - a request of the user, not an error
    """The user asked to stop. Raised by a progress callback and never caught by the algorithm."""
