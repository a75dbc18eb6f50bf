"""A face is followed through a movie: gaps, cuts, frames without it, and what is kept when somebody stops it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pix2vertex_blender.errors import Cancelled, FaceNotFoundError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.reconstruction.video import follow as module
from pix2vertex_blender.reconstruction.video.eyes import SeenEyes, closed, contrast_to_skin
from pix2vertex_blender.reconstruction.video.follow import Performance, follow, looks_of
from pix2vertex_blender.reconstruction.video.movie import open_movie
from pix2vertex_blender.reconstruction.video.performance import Pose
from pix2vertex_blender.reconstruction.video.person import GoodFrame, PersonParameters, chosen, person_of
from pix2vertex_blender.reconstruction.video.tracking import CutDetector, Sighting


def sighting(turn: float = 0.0) -> Sighting:
    nothing = np.zeros((4, 4), dtype=np.float32)
    maps = FaceMaps(
        nothing > 1, nothing, nothing, nothing, Camera(1.0, (2.0, 2.0)), Similarity(1.0, np.eye(3), np.zeros(3)), 0.9
    )
    return Sighting(Square(10.0, 10.0, 8.0, turn), maps)


def acted(times: list[float], frame_times: list[float], **values: list[float]) -> Performance:
    """A performance of a head that is not turned, with some coefficients."""
    done = Performance("film.mp4", "cpu")
    done.frame_times = frame_times
    for index, at in enumerate(times):
        coefficients = np.zeros(len(ARKIT_NAMES))
        for name, column in values.items():
            coefficients[ARKIT_NAMES.index(name)] = column[index]
        pose = Pose(Similarity(1.0, np.eye(3), np.zeros(3)), coefficients, 0.5)
        done.add(at, pose, sighting(), SeenEyes(np.zeros((2, 2)), np.ones(2)))
    return done


def test_gaps_are_left_out_and_told_and_the_beginning_is_held() -> None:
    times = [each / 10 for each in range(40)]
    done = acted(times[5:15] + times[25:], times, jawOpen=[0.2] * 10 + [0.8] * 15)
    take, report = done.take("film"), done.report()
    assert report.gaps == [[0.0, 0.5], [1.4, 2.5]]
    assert (report.frames, report.seen) == (40, 25)
    assert take.times[0] == 0.0 and take.times[1] == pytest.approx(0.5)
    assert take.values["jawOpen"][0] == pytest.approx(0.2, abs=0.01)
    assert take.values["jawOpen"][11] == pytest.approx(0.8, abs=0.01), "nothing of what was before the gap"
    assert any("1.6 of 3.9 seconds" in note for note in take.notes)


def test_cuts_are_told_and_nothing_is_averaged_across_them() -> None:
    times = [each / 25 for each in range(50)]
    done = Performance("film.mp4", "cpu")
    for index, at in enumerate(times):
        done.frame_times.append(at)
        if index == 25:
            done.cuts.append(at)
        coefficients = np.full(len(ARKIT_NAMES), 0.30 if index < 25 else 0.33)
        pose = Pose(Similarity(1.0, np.eye(3), np.zeros(3)), coefficients, 0.5)
        done.add(at, pose, sighting(), SeenEyes(np.zeros((2, 2)), np.ones(2)))
    jaw = done.take("film").values["jawOpen"]
    np.testing.assert_allclose(jaw, np.where(np.arange(50) < 25, 0.30, 0.33), atol=1e-6)
    assert any("Cuts in the movie: 1, the first at 1.0 seconds" in note for note in done.report().notes)


def test_a_frame_rate_that_varies_is_told() -> None:
    times = np.cumsum([0.0] + [1 / 30] * 30 + [1 / 12] * 30).tolist()
    assert any("from 12 to 30" in note for note in acted(times, times, jawOpen=[0.0] * 61).report().notes)
    steady = [each / 30 for each in range(30)]
    assert not acted(steady, steady, jawOpen=[0.0] * 30).report().notes


def test_a_head_seen_in_a_turned_square_is_turned_back() -> None:
    """A square that is turned clockwise by 20 degrees shows a head upright that is tilted to its left shoulder."""
    turn = sighting(20.0).turn
    assert np.degrees(np.arctan2(turn[1, 0], turn[0, 0])) == pytest.approx(-20.0)


def test_eyes_look_in_and_out() -> None:
    to_the_left = np.radians([[15.0, 0.0, 15.0, 0.0]])
    up, down, into, out, up_right, down_right, in_right, out_right = looks_of(to_the_left)[0]
    assert (up, down, into, up_right, down_right, out_right) == (0.0,) * 6
    assert out == pytest.approx(0.5) and in_right == pytest.approx(0.5)


def test_closed_lids_are_known_by_their_skin() -> None:
    shown = np.zeros((96, 96), dtype=bool)
    shown[40:52, 30:66] = True
    skin = np.full((96, 96, 3), (200, 150, 120), dtype=np.uint8)
    eye = skin.copy()
    eye[shown] = (230, 230, 230)
    eye[40:52, 42:54] = (40, 30, 20)
    assert contrast_to_skin(skin, shown) == pytest.approx(0.0)
    assert contrast_to_skin(eye, shown) > 0.3
    contrast = np.full((20, 2), 0.6)
    contrast[10] = 0.2
    contrast[3] = np.nan
    shut = closed(contrast)
    assert shut[10].min() == 1.0 and not np.delete(shut, 10, axis=0).any()


def test_cuts_are_noticed_and_light_and_motion_are_none() -> None:
    generator = np.random.default_rng(0)
    one, other = (cv2.resize(generator.integers(0, 255, (6, 6, 3), dtype=np.uint8), (120, 120)) for _ in range(2))
    frames = [np.roll(one, shift, axis=1) for shift in (0, 2, 4, 6)]
    frames += [(frames[-1] * 0.6).astype(np.uint8), other, np.roll(other, 2, axis=1)]
    detector = CutDetector()
    assert [detector.is_cut(Photo("", frame)) for frame in frames] == [False] * 5 + [True, False]


def test_the_best_frames_are_sharp_different_and_not_twice_the_same() -> None:
    generator = np.random.default_rng(1)

    def frame(name: str, yaw: float, quality: float, crop: np.ndarray | None = None) -> GoodFrame:
        angle = np.radians(yaw)
        rotation = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        small = generator.integers(0, 255, (8, 8, 3), dtype=np.uint8)
        return GoodFrame(Photo(name, small), cv2.resize(small, (192, 192)) if crop is None else crop, rotation, quality)

    sharp = frame("sharp", 0.0, 3.0)
    frames = [
        frame("blurred", 1.0, 1.0),
        sharp,
        frame("side", 30.0, 2.0),
        frame("near", 2.0, 2.2),
        frame("again", 0.0, 3.0, sharp.crop),
    ]
    assert [each.photo.name for each in chosen(frames, PersonParameters(best=3))] == ["sharp", "side", "near"]


@pytest.fixture(scope="module")
def movie(tmp_path_factory) -> Path:
    """The portrait, then nothing, and the portrait again from nearer, after a cut."""
    folder = tmp_path_factory.mktemp("movie")
    portrait = cv2.imread(str(SAMPLE_PORTRAIT))
    near = cv2.resize(portrait[20:300, 40:320], portrait.shape[:2])
    frames = [portrait, portrait, np.full_like(portrait, 90), np.full_like(portrait, 90), near]
    generator = np.random.default_rng(2)
    for index, frame in enumerate(frames):
        noisy = np.clip(frame + generator.normal(0, 3, frame.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{index:03d}.png"), noisy)
    return folder


@pytest.mark.slow
def test_a_face_that_leaves_and_comes_back_is_followed(movie: Path, tmp_path: Path, monkeypatch) -> None:
    opened = open_movie(movie, rate=4.0)
    face = person_of(opened, tmp_path, Options(device="cpu", detail_level=0), parameters=PersonParameters(5, 2, 1))
    monkeypatch.setattr(module, "KEEP_SECONDS", 0.0)
    kept = []
    take, report = follow(opened, face, "NEUTRAL", "cpu", keep=lambda take, report: kept.append((take, report)))
    np.testing.assert_allclose(take.times, [0.0, 0.25, 1.0])
    assert (report.frames, report.seen) == (5, 3)
    assert report.cuts[-1] == 1.0 and report.gaps == [[0.25, 1.0]]
    assert min(take.values["mouthSmileLeft"].min(), take.values["mouthSmileRight"].min()) > 0.3, "the astronaut smiles"
    assert np.degrees(np.abs(take.rotations["head"])).max() < 12.0
    assert [len(take.times) for take, _ in kept] == [1, 2, 2, 2, 3]


@pytest.mark.slow
def test_a_movie_without_a_face_is_told_in_one_sentence(tmp_path: Path) -> None:
    for index in range(2):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((120, 120, 3), 128, dtype=np.uint8))
    with pytest.raises(FaceNotFoundError, match=r"No face was found in .*: choose a movie"):
        person_of(open_movie(tmp_path), tmp_path, Options(device="cpu"))


@pytest.mark.slow
def test_cancelling_is_heard_in_every_frame(movie: Path) -> None:
    face = reconstruct(SAMPLE_PORTRAIT, Options(device="cpu", detail_level=0))

    def stop(stage: str, fraction: float) -> None:
        if stage == "video" and fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        follow(open_movie(movie), face, "NEUTRAL", "cpu", stop)
