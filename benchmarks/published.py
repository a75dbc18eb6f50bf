"""Figures as printed in the papers, to stand beside ours. They were measured by their authors on the named data."""

from benchmarks.tables import Table

#: pix2vertex (ICCV 2017), table 1: error in percent of the depth range on BU-3DFE.
DEPTH = Table(
    "published_depth",
    "Published: depth error on BU-3DFE, % of the depth range (pix2vertex, table 1)",
    ("method", "mean", "std", "median", "90 %"),
    [
        ("Kemelmacher-Shlizerman and Basri", 3.89, 4.14, 2.94, 7.34),
        ("Zhu et al.", 3.85, 3.23, 2.93, 7.91),
        ("Richardson et al.", 3.61, 2.99, 2.72, 6.82),
        ("pix2vertex", 3.51, 2.69, 2.65, 6.59),
    ],
)
#: pix2vertex, table 2.
DEPTH_BY_EXPRESSION = Table(
    "published_depth_by_expression",
    "Published: mean depth error on BU-3DFE by expression, % (pix2vertex, table 2)",
    ("method", "anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"),
    [
        ("Kemelmacher-Shlizerman and Basri", 3.47, 4.03, 3.94, 4.30, 3.43, 3.52, 4.19),
        ("Zhu et al.", 4.00, 3.93, 3.91, 3.70, 3.76, 3.61, 3.96),
        ("Richardson et al.", 3.42, 3.46, 3.64, 3.41, 4.22, 3.59, 4.00),
        ("pix2vertex", 3.67, 3.34, 3.36, 3.01, 3.17, 3.37, 4.41),
    ],
)
#: The coarse-to-fine paper of 2024, table 1, which quotes the others.
LANDMARKS = Table(
    "published_landmarks",
    "Published: NME of the 68 landmarks on AFLW2000-3D by yaw, % (as quoted by a coarse-to-fine method, 2024, table 1)",
    ("method", "0 to 30", "30 to 60", "60 to 90", "mean"),
    [
        ("SDM", 3.67, 4.94, 9.67, 6.12),
        ("3DDFA", 3.78, 4.54, 7.93, 5.42),
        ("3DSTN", 3.15, 4.33, 5.98, 4.49),
        ("PRNet", 2.75, 3.51, 4.61, 3.62),
        ("3DDFA-V2", 2.75, 3.49, 4.53, 3.59),
        ("SADRNet", 2.62, 3.44, 4.41, 3.49),
        ("MGCNet", 2.72, 3.12, 3.76, 3.20),
        ("coarse-to-fine, 2024", 2.51, 3.47, 4.48, 3.17),
    ],
)
#: Beyond 3DMM, table 5.
SHAPE = Table(
    "published_shape",
    "Published: DACE, % of the interocular distance, by yaw (Beyond 3DMM, table 5)",
    (
        "method",
        *(f"Florence {interval}" for interval in ("0 to 15", "15 to 30", "30 to 45", "mean")),
        *(f"NoW {interval}" for interval in ("0 to 15", "15 to 30", "30 to 45", "mean")),
        "Stirling/ESRC mean",
    ),
    [
        ("3DDFA", 2.64, 2.66, 2.69, 2.66, 3.86, 3.82, 4.09, 3.96, 2.55),
        ("3DDFA-V2", 2.57, 2.58, 2.63, 2.59, 3.77, 3.65, 3.75, 3.74, 2.40),
        ("Deng et al.", 2.48, 2.59, 2.67, 2.57, 3.66, 3.57, 4.22, 3.92, 2.50),
        ("FaceScape", 2.88, 2.73, 3.15, 2.81, 3.67, 4.02, 5.49, 4.62, 3.37),
        ("PRNet", 2.50, 2.53, 2.71, 2.57, 4.10, 3.85, 4.33, 4.17, 2.58),
        ("Extreme3D", 2.93, 3.07, 3.16, 3.04, 5.17, 5.05, 5.20, 5.16, 3.35),
        ("Non-linear 3DMM", 2.74, 2.66, 2.66, 2.69, 4.73, 3.96, 4.13, 4.30, 2.61),
        ("FGNet", 2.12, 2.05, 2.15, 2.10, 3.45, 3.39, 3.45, 3.44, 2.29),
    ],
)
#: The ablations, measured on data that we do not have: coarse-to-fine 2024, table 2, then Beyond 3DMM, tables 1 to 4.
COARSE_TO_FINE = Table(
    "published_coarse_to_fine",
    "Published: NME on AFLW2000-3D, % (coarse-to-fine, 2024, table 2)",
    ("what the method has", "NME"),
    [
        ("3DMM alone", 5.91),
        ("and personal features", 4.63),
        ("and geometric detail", 3.56),
        ("and its condition on identity and expression", 3.17),
    ],
)
_BY_YAW = ("0 to 15", "15 to 30", "30 to 45", "mean")
NETWORKS = Table(
    "published_networks",
    "Published: NME of networks on FG3D-test by yaw, % (Beyond 3DMM, table 1)",
    ("network", *_BY_YAW),
    [
        ("initial shape (3DMM)", 6.13, 6.13, 6.09, 6.11),
        ("camera view", 3.68, 3.56, 3.46, 3.57),
        ("model view", 3.54, 3.47, 3.46, 3.49),
        ("virtual multiview", 3.43, 3.26, 3.24, 3.32),
    ],
)
VIEWS = Table(
    "published_views",
    "Published: NME by number of rendered views on FG3D-test, % (Beyond 3DMM, table 2)",
    ("views", "NME"),
    [("as the photo", 3.60), ("1, from the front", 3.63), ("3", 3.40), ("5", 3.32), ("7", 3.35)],
)
AUGMENTATION = Table(
    "published_augmentation",
    "Published: NME by augmentation on FG3D-test by yaw, % (Beyond 3DMM, table 3)",
    ("augmentation", "samples", *_BY_YAW),
    [
        ("face profiling", 120_000, 3.50, 3.44, 3.58, 3.51),
        ("new views", 120_000, 3.43, 3.26, 3.24, 3.32),
        ("new views and shapes", 474_000, 2.93, 2.71, 2.74, 2.80),
    ],
)
LOSSES = Table(
    "published_losses",
    "Published: errors by loss on FG3D-test (Beyond 3DMM, table 4)",
    ("loss", "NME", "DACE"),
    [
        ("squared distance", 2.80, 1.50),
        ("squared distance and plaster sculpture", 2.75, 1.47),
        ("plaster sculpture and visual guide", 2.72, 1.47),
        ("visual guide", 2.66, 1.43),
    ],
)
