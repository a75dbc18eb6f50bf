import pytest

from pix2vertex_blender.addon.views.box_editing import MOVE, NEW, Frame, dragged, grip_at

SIZE = (400, 200)
BOX = (100.0, 50.0, 80.0, 60.0)


def test_the_photo_fills_the_free_part_of_the_region_and_points_map_back() -> None:
    frame = Frame.fitted((60.0, 0.0), (860.0, 500.0), SIZE, margin=0.0)
    assert frame.scale == 2.0
    assert frame.to_region(0, 200) == (60.0, 50.0), "lower left corner, in the middle of what is free"
    assert frame.to_region(400, 0) == (860.0, 450.0)
    assert frame.to_photo(*frame.to_region(123.0, 45.0)) == pytest.approx((123.0, 45.0))
    assert frame.to_photo(0.0, 10_000.0) == (0.0, 0.0), "outside counts as the edge"


def test_a_tall_photo_fits_too() -> None:
    frame = Frame.fitted((0.0, 0.0), (1000.0, 100.0), (200, 400))
    assert frame.to_region(0, 0)[1] <= 100.0 and frame.to_region(0, 400)[1] >= 0.0


@pytest.mark.parametrize(
    ("point", "grip"),
    [
        ((140, 80), MOVE),
        ((101, 80), "left"),
        ((179, 112), "right bottom"),
        ((140, 48), "top"),
        ((97, 47), "left top"),
        ((300, 80), NEW),
        ((101, 150), NEW),
    ],
)
def test_a_press_takes_hold_of_what_is_there(point, grip) -> None:
    assert grip_at(BOX, point, tolerance=4.0) == grip


@pytest.mark.parametrize(
    ("grip", "start", "now", "expected"),
    [
        (NEW, (10, 20), (60, 90), (10, 20, 50, 70)),
        (NEW, (60, 90), (10, 20), (10, 20, 50, 70)),
        (MOVE, (140, 80), (150, 70), (110, 40, 80, 60)),
        (MOVE, (140, 80), (-500, 500), (0, 140, 80, 60)),
        ("left", (100, 80), (120, 0), (120, 50, 60, 60)),
        ("left", (100, 80), (200, 0), (180, 50, 20, 60)),
        ("right bottom", (180, 110), (200, 150), (100, 50, 100, 100)),
    ],
)
def test_drags(grip, start, now, expected) -> None:
    assert dragged(BOX, grip, start, now, SIZE) == expected
