"""The images of a face: the custom properties of its object that refer to them."""

TEXTURE, ORIGIN, EYES = "pix2vertex_texture_image", "pix2vertex_origin_image", "pix2vertex_eyes_image"
NORMALS, DISPLACEMENT = "pix2vertex_normal_image", "pix2vertex_displacement_image"
ROUGHNESS, SPECULAR, SUBSURFACE = (f"pix2vertex_{name}_image" for name in ("roughness", "specular", "subsurface"))

#: The maps that say of each place of the skin how it shines and lets light through, with what files call them.
SURFACE_MAPS = {ROUGHNESS: "roughness", SPECULAR: "specular", SUBSURFACE: "subsurface"}
