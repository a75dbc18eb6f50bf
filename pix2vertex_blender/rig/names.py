"""What the bones are called in other programs.

No bone may have the name of one of the template's vertex groups (`jaw`, `neck`), which would become its weights.
"""

#: The bones by the names that this package calls them, in each naming.
NAMINGS: dict[str, dict[str, str]] = {
    "BLENDER": {
        "neck": "DEF-neck",
        "head": "DEF-head",
        "jaw": "DEF-jaw",
        "left_eye": "DEF-eye.L",
        "right_eye": "DEF-eye.R",
        "tongue": "DEF-tongue",
    },
    "UNREAL": {
        "neck": "neck_01",
        "head": "head",
        "jaw": "FACIAL_C_Jaw",
        "left_eye": "FACIAL_L_Eye",
        "right_eye": "FACIAL_R_Eye",
        "tongue": "FACIAL_C_Tongue1",
    },
    "UNITY": {
        "neck": "Neck",
        "head": "Head",
        "jaw": "Jaw",
        "left_eye": "LeftEye",
        "right_eye": "RightEye",
        "tongue": "Tongue",
    },
    "VRM": {
        "neck": "J_Bip_C_Neck",
        "head": "J_Bip_C_Head",
        "jaw": "J_Bip_C_Jaw",
        "left_eye": "J_Adj_L_FaceEye",
        "right_eye": "J_Adj_R_FaceEye",
        "tongue": "J_Bip_C_Tongue",
    },
}

#: What the name of the jaw's second bone ends in.
SKIN = "_skin"


def bone_name(bone: str, naming: str) -> str:
    """The name of a bone in one of `NAMINGS`."""
    return NAMINGS[naming]["jaw"] + SKIN if bone == "jaw_skin" else NAMINGS[naming][bone]
