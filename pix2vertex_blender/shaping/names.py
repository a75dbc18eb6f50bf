"""The shape sliders by region of the face: names of shape keys, without anything that takes time to load."""

#: The slider that is made from the head itself: at -1 both sides are alike.
ASYMMETRY = "Asymmetry"

#: Regions, and the sliders of each.
REGIONS = (
    ("Nose", ("Nose Length", "Nose Width", "Nose Bridge", "Nose Tip")),
    ("Jaw and Chin", ("Jaw Width", "Chin Length", "Chin Forward")),
    ("Cheeks", ("Cheeks", "Cheekbones")),
    ("Brows and Forehead", ("Brow Height", "Brow Ridge", "Forehead")),
    ("Eyes", ("Eye Size", "Eye Distance", "Eye Tilt")),
    ("Lips", ("Mouth Width", "Lip Fullness")),
    ("Whole Face", ("Age", "Asymmetry")),
)

SLIDER_NAMES = tuple(name for _region, names in REGIONS for name in names)
