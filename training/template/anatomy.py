"""Where the grid lines and rings of the half head lie on the mean face, in millimetres.

A place is either a point of the surface seen along an axis, ("front", x, y), ("side", z, y), ("below", x, z), ("back",
x, y) or ("top", x, z), ("under", x, u) from 60 degrees below the front with u upwards in that view, or a point in space
("near", x, y, z) that is moved to the nearest surface point.
"""

Place = tuple[str, float, float] | tuple[str, float, float, float]

GRID: tuple[tuple[str | int, str | int, Place], ...] = (
    # front midline, from the hairline to the neck
    (0, "hairline", ("front", 0, 113)),
    (0, "brow", ("front", 0, 58)),
    (0, "ear_top", ("front", 0, 37.4)),
    (0, 16, ("front", 0, 26.3)),
    (0, 19, ("front", 0, 16.1)),
    (0, 22, ("front", 0, 4.1)),
    (0, 24, ("front", 0, -5)),
    (0, 25, ("front", 0, -8.5)),
    (0, "wing_bottom", ("front", 0, -11.5)),
    (0, "mouth_top", ("front", 0, -16.5)),
    (0, "mouth_bottom", ("front", 0, -53)),
    (0, 41, ("front", 0, -66)),
    (0, "chin", ("below", 0, 101)),
    (0, "throat", ("below", 0, 68)),
    (0, 50, ("front", 0, -101)),
    # column through the columella and the nostril's inner side
    ("philtrum", "hairline", ("front", 10, 112.5)),
    ("philtrum", "brow", ("front", 5.5, 58.2)),
    ("philtrum", "eye_bottom", ("front", 5, 24)),
    ("philtrum", "wing_top", ("front", 6.5, 8)),
    ("philtrum", 22, ("front", 6, 3.6)),
    ("philtrum", 23, ("under", 4.8, 110)),
    ("philtrum", 24, ("under", 3.2, 105.5)),
    ("philtrum", 25, ("under", 2.5, 99.7)),
    ("philtrum", "wing_bottom", ("near", 4.3, -11.2, 115)),
    ("philtrum", "mouth_top", ("front", 6, -16)),
    ("philtrum", "mouth_bottom", ("front", 8, -53.5)),
    ("philtrum", "chin", ("below", 9.5, 100)),
    ("philtrum", "throat", ("below", 9, 68)),
    # column along the side of the nose, the nose wing and the nasolabial fold
    ("nose", "hairline", ("front", 24, 110.5)),
    ("nose", "brow", ("front", 11.7, 59.1)),
    ("nose", "ear_top", ("front", 7, 37.6)),
    ("nose", "eye_bottom", ("front", 12.5, 22)),
    ("nose", 19, ("front", 13.5, 14)),
    ("nose", "wing_top", ("near", 16.8, 7, 104.3)),
    ("nose", 22, ("near", 17.9, 4, 103.6)),
    ("nose", 23, ("near", 18.4, 1, 103.3)),
    ("nose", 24, ("near", 18.7, -2, 103.1)),
    ("nose", 25, ("near", 18.1, -5, 103.6)),
    ("nose", "wing_bottom", ("near", 16.5, -9.3, 104)),
    ("nose", "mouth_top", ("front", 19.5, -16)),
    ("nose", 33, ("front", 35, -36)),
    ("nose", "mouth_bottom", ("front", 19, -55)),
    ("nose", "chin", ("below", 24, 92)),
    # column along the inner side of the eye
    ("eye_inner", "hairline", ("front", 35, 107.5)),
    ("eye_inner", "brow", ("front", 24.1, 61.9)),
    ("eye_inner", "ear_top", ("front", 11, 35.5)),
    ("eye_inner", "eye_bottom", ("front", 20.5, 19.5)),
    ("eye_inner", "wing_top", ("front", 24, 6)),
    ("eye_inner", "wing_bottom", ("front", 28, -10)),
    ("eye_inner", "mouth_top", ("front", 32, -17)),
    ("eye_inner", 33, ("front", 43, -36.5)),
    ("eye_inner", "mouth_bottom", ("front", 29, -55.5)),
    ("eye_inner", "chin", ("below", 33, 84)),
    # between the eye's sides
    (14, "brow", ("front", 37.9, 62.6)),
    (18, "brow", ("front", 49.3, 59.8)),
    (16, "eye_bottom", ("front", 37, 14.5)),
    (16, "wing_bottom", ("front", 44, -13)),
    (16, 33, ("front", 52, -35.5)),
    (16, "mouth_bottom", ("front", 42, -53)),
    (16, "chin", ("below", 42, 70)),
    # column along the outer side of the eye, over the cheekbone to the jaw
    ("eye_outer", "hairline", ("side", 48, 107)),
    ("eye_outer", "brow", ("front", 58.2, 52)),
    ("eye_outer", "ear_top", ("side", 68, 36)),
    ("eye_outer", "eye_bottom", ("side", 71, 17)),
    ("eye_outer", "wing_bottom", ("side", 63, -13)),
    ("eye_outer", 33, ("side", 60, -33)),
    ("eye_outer", "mouth_bottom", ("side", 62, -46)),
    ("eye_outer", "chin", ("near", 50, -67, 52)),
    # in front of the ear and behind it
    (26, 33, ("side", 42, -33)),
    (26, "mouth_bottom", ("side", 39, -48)),
    (26, "chin", ("near", 57, -63, 34)),
    ("ear_front", "hairline", ("side", 10, 106)),
    ("ear_front", "brow", ("side", 14, 60)),
    ("ear_front", "mouth_bottom", ("side", 14, -50)),
    ("ear_front", "chin", ("side", 8, -70)),
    ("ear_back", "hairline", ("side", -12, 104)),
    ("ear_back", "brow", ("side", -13, 60)),
    ("ear_back", "mouth_bottom", ("side", -5, -50)),
    ("ear_back", "chin", ("side", -9, -68)),
    (40, "hairline", ("back", 40, 92)),
    (40, "brow", ("back", 56, 50)),
    (40, 21, ("back", 50, 2)),
    (40, "mouth_bottom", ("back", 40, -50)),
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
    (16, 56.0),
    ("eye_outer", 76.0),
    ("ear_front", 108.0),
    ("ear_back", 125.0),
    ("back", 180.0),
)

# The nostril's rim, seen from below (see "under"), and the rings inside it: share of the rim's width and depth in mm.
NOSTRIL_RIM_RING = 3
NOSTRIL_STEPS = (0, 2, 4, 6, 8, 10, 12, 14, 16)
NOSTRIL_RIM: tuple[Place, ...] = (
    ("under", 6.8, 105.0),
    ("under", 4.3, 103.0),
    ("under", 3.8, 99.0),
    ("under", 6.0, 94.7),
    ("under", 10.2, 92.6),
    ("under", 13.2, 93.0),
    ("under", 14.0, 96.5),
    ("under", 12.8, 101.0),
    ("under", 10.2, 104.3),
)
# Rings 1 and 2 over the nose wing, from its base up and forwards, beginning with this step.
WING_STEP = 9
WING: dict[int, tuple[tuple[float, float, float], ...]] = {
    1: (
        (16.4, -8.5, 106),
        (17.6, -6, 106.3),
        (18, -3, 106.5),
        (17.9, 0.3, 107.5),
        (16.7, 3.5, 109),
        (15.2, 5.3, 111.5),
    ),
    2: (
        (15.2, -8.3, 109),
        (16.6, -7, 109.3),
        (17.3, -4.7, 110.5),
        (17.2, -1.8, 112.2),
        (15.6, 0.8, 114.5),
        (13.6, 2.2, 117),
    ),
}
NOSTRIL_INSIDE = ((0.9, 1.2), (0.8, 2.8), (0.62, 4.6))
NOSTRIL_DIRECTION = (-0.05, 0.85, -0.5)

# Rings of the ear in space, in four parts, each from its first point up to the first of the next: down the front, along
# the lobe, up the back and forwards over the top. 0 lies on the head around the ear, 1 in the crease behind it, 2 and 3
# on its back, 4 is the front edge of the helix and the tragus, 5 the fold inside the helix, 7 the rim of the concha.
Part = tuple[tuple[float, float, float], ...]
EAR: dict[int, tuple[Part, Part, Part, Part]] = {
    0: (
        ((76.5, 41, 11), (75.5, 30, 19), (73, 16, 22), (71, 4, 24), (69.5, -8, 25.5)),
        ((67.5, -23, 25), (66, -28, 17)),
        ((62.5, -25, 8), (62, -14, 0), (64.5, -4, -12), (68.5, 6, -17), (71.3, 16, -18.5), (73.5, 26, -16)),
        ((75.5, 36, -11), (77, 42, -1)),
    ),
    1: (
        (
            (77.5, 37, 7),
            (76.3, 28, 13),
            (74.8, 22, 15),
            (73, 14, 17.5),
            (72.2, 7, 19.5),
            (70.7, -2, 21),
            (69, -10, 21.3),
        ),
        ((67.8, -20, 21), (67.8, -23, 15.5)),
        (
            *((66.5, -20, 11.5), (64.5, -14, 6.5), (66.5, -8, -1), (68.5, -2, -8), (71, 4, -10.5)),
            *((72.5, 10, -10.8), (73.7, 16, -10.5), (74.3, 22, -9.6), (76, 28, -6.8)),
        ),
        ((77.5, 32, -4), (78.5, 37.3, 0.5), (78, 38, 4)),
    ),
    2: (
        (
            *((79.3, 36, 6.5), (77.8, 28, 11), (75.8, 23, 13), (74.2, 16, 15.5), (73.5, 8, 17.5)),
            *((72, 0, 19), (70.3, -8, 19)),
        ),
        ((69, -15.5, 19), (68.5, -18.5, 18.5), (69.5, -21.3, 14.5)),
        (
            *((71.5, -19, 8.5), (71.5, -14, 3), (73.5, -8, -4), (76, -2, -8.5), (77.5, 4, -11.5)),
            *((79, 10, -12.2), (80.5, 16, -12.5), (81, 22, -12), (82.5, 28, -10)),
        ),
        ((83.5, 32, -7.5), (83, 36.8, -1), (81, 37, 3)),
    ),
    3: (
        (
            *((81, 34.6, 6.3), (79.5, 28, 8.8), (77, 23, 10.5), (75.3, 18, 12.5), (74.8, 13, 14), (74, 8, 15)),
            *((73.2, 3, 16), (72, -2, 17), (71, -8, 17)),
        ),
        ((70.4, -13.5, 17), (70, -17, 17), (71.5, -20, 13.5)),
        (
            *((75.5, -18.6, 5.3), (77.5, -14, -1.5), (80, -8, -7.5), (82, -2, -11.5), (84, 4, -14.5)),
            *((85.5, 10, -16), (86.5, 16, -17), (87.5, 22, -16.7), (89, 28, -14.5)),
        ),
        ((89.5, 32, -11.5), (87.5, 35.5, -3.5), (84.5, 36, 2)),
    ),
    4: (
        (
            *((83.5, 32, 5.5), (82, 28, 6.7), (80, 24, 8), (78.2, 21, 8.8), (75.5, 17, 9.3), (74.4, 13, 11.5)),
            *((74.5, 10, 12.3), (74.6, 4, 13.5), (72.5, 0, 15), (71, -3, 15.5), (71.3, -8, 15)),
        ),
        ((71.4, -11.5, 15.2), (72, -16, 14.5), (74.5, -19.3, 11)),
        (
            *((77.8, -18, 7.3), (80.5, -14, 1), (83.5, -8, -5), (86, -2, -9), (87.5, 4, -12)),
            *((89.5, 10, -13.5), (90.5, 16, -14.5), (91, 22, -13), (92, 28, -10)),
        ),
        ((91, 31, -7.5), (89, 34, -3), (86, 34.5, 1.5), (84.5, 33.5, 4.5)),
    ),
    5: (
        (
            *((79, 28.5, 4.5), (77, 25, 5.8), (75, 21, 7), (74, 17, 6.8), (73.5, 13, 10), (73.5, 10, 10.6)),
            *((73.8, 4, 11.8), (71.2, -1, 13), (70.7, -3.5, 13.5)),
        ),
        ((71.8, -6.5, 13.5), (73.5, -11, 12.3), (75.5, -14, 9.5)),
        (
            *((78, -12.5, 4.5), (79.3, -9, 1), (81.5, -4, -4), (84, 2, -7.5), (86, 8, -10)),
            *((86.3, 13, -11.8), (86.3, 18, -12.2), (86, 23, -11.3)),
        ),
        ((85, 27, -8.5), (83, 29.8, -3), (81, 30, 1.5)),
    ),
    7: (
        (
            *((75.5, 25, 4.5), (74, 22, 5.3), (73, 17.5, 5), (71.8, 13, 7), (71, 10, 9)),
            *((70.5, 4, 12), (69.8, 1.5, 12)),
        ),
        ((69.2, -1.5, 11.3), (70.5, -3.6, 8.5), (73, -3.3, 6.5)),
        (
            *((74.8, -2, 4), (77.5, 0, 0.5), (80.5, 2.5, -3.2), (82.5, 5.5, -4.8), (83, 9, -5.3)),
            *((82.5, 13, -4.2), (80.5, 16.5, -2.5), (78.5, 19.5, -1), (77.5, 22, 0.5)),
        ),
        ((77.2, 24.5, 1.5), (76.5, 25.8, 3)),
    ),
}
# The floor of the concha, from its top to the ear canal.
CONCHA_FLOOR = ((74, 22, 4.2), (72, 16, 1.5), (70.7, 11, 1), (68, 6, 4.5), (66.5, 3, 7.5), (68.3, -0.5, 8))

# Lips: ring, then places from the lower midline past the corner to the upper midline, at these steps.
LIP_STEPS = (0, 4, 8, 12, 16, 20, 24)
LIPS: dict[int, tuple[Place, ...]] = {
    5: (
        ("near", 0, -43.8, 115.5),
        ("near", 10.3, -43, 113.9),
        ("near", 18, -40.6, 109),
        ("near", 25.3, -35.2, 101.9),
        ("near", 17, -27.8, 112.2),
        ("near", 7.3, -24.2, 117.3),
        ("near", 0, -24.8, 118.4),
    ),
    8: (
        ("near", 0, -34, 112.5),
        ("near", 10.7, -33.8, 110.4),
        ("near", 17, -34.2, 106.7),
        ("near", 22.1, -34.9, 101.3),
        ("near", 17, -33.6, 106.9),
        ("near", 10, -33.0, 110.9),
        ("near", 0, -33.2, 112.8),
    ),
}
LID_EDGE_RING = 7
LID_BORDER_RING = 8
LIP_CONTACT_RING = 8
LIP_BORDER_RING = 10

# The dental arches seen from above, just outside the gums: half ellipses around (0, ARCH_DEPTH) with half axes in x, z.
ARCH_DEPTH = 55.0
UPPER_ARCH, LOWER_ARCH = (35.3, 53.3), (31.5, 48.5)
# The rings of the lips' inside from their border on: how far up or down, away from the other lip, and how much wider.
LIP_LINING = ((0.0, 0.0), (4.5, 0.12), (9.0, 0.25))
# How far in front of the arch they lie, and how much farther at the corners of the mouth.
LINING_ROOM, CORNER_ROOM = 1.0, 5.0
