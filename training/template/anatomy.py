"""Where the grid lines and rings of the half head lie on the mean face, in millimetres.

A place is either a point of the surface seen along an axis, ("front", x, y), ("side", z, y), ("below", x, z), ("back", x, y) or
("top", x, z), or a point in space ("near", x, y, z) that is moved to the nearest surface point.
"""

Place = tuple[str, float, float] | tuple[str, float, float, float]

GRID: tuple[tuple[str | int, str | int, Place], ...] = (
    # front midline, from the hairline to the neck
    (0, "hairline", ("front", 0, 108)),
    (0, "brow", ("front", 0, 57)),
    (0, "ear_top", ("front", 0, 40)),
    (0, "eye_bottom", ("front", 0, 24)),
    (0, "wing_top", ("front", 0, 5)),
    (0, 23, ("front", 0, -5)),
    (0, "wing_bottom", ("front", 0, -11.5)),
    (0, "mouth_top", ("front", 0, -16.5)),
    (0, "mouth_bottom", ("front", 0, -53)),
    (0, 40, ("front", 0, -66)),
    (0, "chin", ("below", 0, 101)),
    (0, "throat", ("below", 0, 68)),
    (0, 50, ("front", 0, -101)),
    # column through the columella and the nostril's inner side
    ("philtrum", "hairline", ("front", 9, 107.5)),
    ("philtrum", "brow", ("front", 6, 56.5)),
    ("philtrum", "eye_bottom", ("front", 5, 24)),
    ("philtrum", "wing_top", ("front", 5.5, 4.5)),
    ("philtrum", "wing_bottom", ("near", 5, -11, 114)),
    ("philtrum", "mouth_top", ("front", 6, -16)),
    ("philtrum", "mouth_bottom", ("front", 8, -53.5)),
    ("philtrum", "chin", ("below", 9.5, 100)),
    ("philtrum", "throat", ("below", 9, 68)),
    # column along the side of the nose, the nose wing and the nasolabial fold
    ("nose", "hairline", ("front", 22, 105.5)),
    ("nose", "brow", ("front", 15, 56.5)),
    ("nose", "ear_top", ("front", 9, 39)),
    ("nose", "eye_bottom", ("front", 12.5, 22)),
    ("nose", 19, ("front", 13.5, 14)),
    ("nose", "wing_top", ("near", 15.5, 6, 110)),
    ("nose", 23, ("near", 19, -1, 106)),
    ("nose", "wing_bottom", ("front", 16, -10)),
    ("nose", "mouth_top", ("front", 19.5, -16)),
    ("nose", 32, ("front", 35, -36)),
    ("nose", "mouth_bottom", ("front", 19, -55)),
    ("nose", "chin", ("below", 24, 92)),
    ("nose", "throat", ("below", 20, 66)),
    # column along the inner side of the eye
    ("eye_inner", "hairline", ("front", 33, 103)),
    ("eye_inner", "brow", ("front", 21, 56.5)),
    ("eye_inner", "ear_top", ("front", 14, 35.5)),
    ("eye_inner", "eye_bottom", ("front", 20.5, 19.5)),
    ("eye_inner", "wing_top", ("front", 24, 6)),
    ("eye_inner", "wing_bottom", ("front", 28, -10)),
    ("eye_inner", "mouth_top", ("front", 32, -17)),
    ("eye_inner", 32, ("front", 43, -36.5)),
    ("eye_inner", "mouth_bottom", ("front", 29, -55.5)),
    ("eye_inner", "chin", ("below", 33, 84)),
    ("eye_inner", "throat", ("below", 28, 62)),
    # between the eye's sides
    (13, "brow", ("front", 36, 60.5)),
    (14, "eye_bottom", ("front", 37, 14.5)),
    (14, "wing_bottom", ("front", 44, -13)),
    (14, 32, ("front", 52, -35.5)),
    (14, "mouth_bottom", ("front", 42, -53)),
    (14, "chin", ("below", 42, 70)),
    # column along the outer side of the eye, over the cheekbone to the jaw
    ("eye_outer", "hairline", ("side", 48, 107)),
    ("eye_outer", "brow", ("side", 73, 54)),
    ("eye_outer", "ear_top", ("side", 68, 36)),
    ("eye_outer", "eye_bottom", ("side", 71, 17)),
    ("eye_outer", "wing_bottom", ("side", 63, -13)),
    ("eye_outer", 32, ("side", 60, -33)),
    ("eye_outer", "mouth_bottom", ("side", 62, -46)),
    ("eye_outer", "chin", ("near", 50, -67, 52)),
    ("eye_outer", "throat", ("near", 45, -82, 40)),
    # in front of the ear and behind it
    (24, 32, ("side", 42, -33)),
    (24, "mouth_bottom", ("side", 39, -48)),
    (24, "chin", ("near", 57, -66, 33)),
    ("ear_front", "hairline", ("side", 10, 106)),
    ("ear_front", "brow", ("side", 14, 60)),
    ("ear_front", "mouth_bottom", ("side", 14, -50)),
    ("ear_front", "chin", ("side", 8, -70)),
    ("ear_back", "hairline", ("side", -12, 104)),
    ("ear_back", "brow", ("side", -13, 60)),
    ("ear_back", "mouth_bottom", ("side", -5, -50)),
    ("ear_back", "chin", ("side", -9, -68)),
    (38, "hairline", ("back", 40, 92)),
    (38, "brow", ("back", 56, 50)),
    (38, 21, ("back", 50, 2)),
    (38, "mouth_bottom", ("back", 40, -50)),
    # back midline
    ("back", "hairline", ("back", 0, 92)),
    ("back", "brow", ("back", 0, 50)),
    ("back", 21, ("back", 0, 0)),
    ("back", "ear_bottom", ("back", 0, -28)),
    ("back", "mouth_bottom", ("back", 0, -52)),
)

# Crown: column, row of the crown's grid.
CROWN: tuple[tuple[int, int, Place], ...] = (
    (0, 5, ("top", 0, 50)),
    (0, 10, ("top", 0, 10)),
    (0, 16, ("top", 0, -40)),
)

# The last loop of the neck, by the columns it crosses: points of the plane through (0, -118, 45) and (0, -90, -60).
NECK_PLANE = ((-118.0, 45.0), (-90.0, -60.0))
NECK_AXIS = -8.0
NECK: tuple[tuple[str | int, float], ...] = (
    (0, 0.0),
    ("nose", 24.0),
    ("eye_inner", 36.0),
    (14, 56.0),
    ("eye_outer", 76.0),
    ("ear_front", 108.0),
    ("ear_back", 125.0),
    ("back", 180.0),
)

# Rings of the nostril by ring and step (see Hole.path): its rim, and its inside.
NOSTRIL_STEPS = (0, 2, 4, 6, 7, 9, 11, 13)
NOSTRIL: dict[int, tuple[Place, ...]] = {
    3: (
        ("near", 6, -4.5, 121.5),
        ("near", 3.9, -6.5, 118.5),
        ("near", 5.0, -9.3, 115.5),
        ("near", 10.0, -9.3, 112.0),
        ("near", 12.3, -9.0, 111.0),
        ("near", 13.5, -5.5, 112.5),
        ("near", 12.0, -3.8, 117.0),
        ("near", 9.0, -3.8, 120.5),
    ),
}

# Rings of the ear by ring and step.
EAR_STEPS = (0, 4, 8, 12, 16, 18, 20, 24, 28, 32, 36, 38)
EAR: dict[int, tuple[Place, ...]] = {
    0: (
        ("side", 12, 41),
        ("side", 20, 25),
        ("side", 23, 8),
        ("side", 24, -8),
        ("side", 22, -25),
        ("side", 14, -29),
        ("side", 5, -27),
        ("near", 63.2, -14, -4),
        ("near", 66.5, 0, -17),
        ("near", 71.5, 16, -18),
        ("near", 75, 38, -12),
        ("side", 0, 43),
    ),
    1: (
        ("near", 78, 35.5, 7),
        ("side", 15, 22),
        ("side", 18.5, 8),
        ("side", 20, -6),
        ("side", 20, -20),
        ("side", 15, -23),
        ("near", 66, -18.5, 10.5),
        ("near", 65, -12, 4),
        ("near", 68.5, -1, -8),
        ("near", 73, 16, -10),
        ("near", 76.5, 30, -6),
        ("near", 79, 37, 0),
    ),
    2: (
        ("side", 7.5, 33),
        ("side", 11.5, 20),
        ("side", 15.5, 8),
        ("side", 17, -4),
        ("side", 17, -17),
        ("near", 72, -20, 12),
        ("near", 74.5, -18.5, 6),
        ("near", 78.5, -12, -3),
        ("near", 82.7, 0, -12.5),
        ("near", 86.5, 16, -17),
        ("near", 89, 30, -13),
        ("near", 86, 35.5, -2),
    ),
    3: (
        ("side", 6, 31),
        ("side", 8.5, 20),
        ("side", 12.3, 9),
        ("side", 13.8, -2),
        ("side", 14, -16),
        ("side", 10.5, -19.3),
        ("near", 77.5, -18, 8),
        ("near", 81.5, -12, -1.5),
        ("near", 86.5, 0, -10),
        ("near", 90.5, 16, -14.5),
        ("near", 92, 29, -9),
        ("near", 88.5, 34, -2),
    ),
    4: (
        ("side", 4, 27),
        ("side", 6, 19),
        ("side", 11.5, 7),
        ("side", 12.5, -3),
        ("side", 11, -12),
        ("side", 7, -14),
        ("side", 2, -11.5),
        ("side", -4.5, -6),
        ("near", 84.7, 2, -7.5),
        ("near", 86.3, 16, -11.5),
        ("near", 84.5, 26, -8),
        ("side", -1, 29),
    ),
    6: (
        ("side", 1, 18),
        ("side", 5, 13),
        ("side", 9, 4),
        ("side", 10, -2),
        ("side", 7, -3.5),
        ("side", 4, -3),
        ("side", 1, -2),
        ("side", -3, 2),
        ("side", -4.5, 7),
        ("side", -4.5, 11),
        ("side", -3, 16),
        ("side", -1, 18),
    ),
}

# Lips: ring, then places from the lower midline past the corner to the upper midline, at these steps.
LIP_STEPS = (0, 3, 6, 10, 14, 17, 20)
LIPS: dict[int, tuple[Place, ...]] = {
    5: (
        ("front", 0, -43.8),
        ("front", 10.3, -43),
        ("front", 18, -40.6),
        ("near", 25.6, -35.2, 102),
        ("front", 17, -27.8),
        ("front", 7.3, -24.2),
        ("front", 0, -24.8),
    ),
    8: (
        ("near", 0, -34, 112.5),
        ("near", 8.2, -33.8, 111.4),
        ("near", 16, -34.1, 107.3),
        ("near", 22.1, -34.9, 101.3),
        ("near", 16, -33.5, 107.5),
        ("near", 8.2, -33.0, 111.7),
        ("near", 0, -33.2, 112.8),
    ),
}
LID_EDGE_RING = 7
LID_BORDER_RING = 8
LIP_CONTACT_RING = 8
LIP_BORDER_RING = 10
