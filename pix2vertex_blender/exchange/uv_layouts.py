"""The names of the template's UV layouts: textures and maps are drawn on one of them, and a face's mesh has its UVs."""

#: The template's own layout, in which all of the head is at about the same scale.
WHOLE_HEAD = "HEAD"
#: Nearly half as many texels again to a millimetre of the face, a third as many to one of scalp and neck.
FACE_FIRST = "FACE"
LAYOUTS = (WHOLE_HEAD, FACE_FIRST)
