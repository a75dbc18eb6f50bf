"""Files of motion capture become takes, whatever is wrong with them, and are retimed and smoothed."""

import json
from pathlib import Path

import numpy as np
import pytest

from pix2vertex_blender.animation.reading import read_take
from pix2vertex_blender.animation.retime import at_rate, smoothed
from pix2vertex_blender.animation.take import Take, TakeError
from pix2vertex_blender.expression.names import ARKIT_NAMES

ROTATIONS = [f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")]
COLUMNS = [name[0].upper() + name[1:] for name in ARKIT_NAMES] + ROTATIONS


def timecode(frame: int, rate: int, start: int = 3 * 3600 + 59 * 60 + 59) -> str:
    second, part = divmod(frame, rate)
    second = (start + second) % 86400
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}:{part:02d}.000"


def write(path: Path, rows: list[list[str]], columns: list[str] = COLUMNS) -> Path:
    lines = [["Timecode", "BlendshapeCount", *columns], *rows]
    path.write_text("\n".join(",".join(line) for line in lines))
    return path


def jaw(frames: int, rate: int, **timecodes: int) -> list[list[str]]:
    """Rows in which the jaw opens by 0.01 a frame, the head is turned left by 0.2, and nothing else happens."""
    numbers = dict.fromkeys(COLUMNS, 0.0) | {"HeadYaw": 0.2, "LeftEyePitch": 0.1}
    return [
        [timecode(frame, rate, **timecodes), "61", *(f"{v:.6f}" for v in (numbers | {"JawOpen": frame / 100}).values())]
        for frame in range(frames)
    ]


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_a_recording_of_live_link_face_at_any_rate(tmp_path: Path, rate: int) -> None:
    take = read_take(write(tmp_path / "take_1.csv", jaw(90, rate)))
    assert take.name == "take_1"
    assert take.notes == ()
    assert tuple(take.values) == ARKIT_NAMES
    assert np.allclose(take.times, np.arange(90) / rate)
    assert np.allclose(take.values["jawOpen"], np.arange(90) / 100)
    assert take.rotations["head"][0] == pytest.approx([0.0, 0.2, 0.0]), "pitch, yaw, roll"
    assert take.rotations["left_eye"][0] == pytest.approx([0.1, 0.0, 0.0])


def test_frames_between_those_of_the_timecode_and_midnight(tmp_path: Path) -> None:
    rows = jaw(120, 60, start=86399)
    for frame, row in enumerate(rows):  # a camera of 60 frames and a timecode of 30
        row[0] = timecode(frame // 2, 30, start=86399)[:-4] + (".500" if frame % 2 else ".000")
    take = read_take(write(tmp_path / "take.csv", rows))
    assert np.allclose(take.times, np.arange(120) / 60)


def test_a_recording_shorter_than_a_second_counts_sixty_frames_unless_told(tmp_path: Path) -> None:
    path = write(tmp_path / "take.csv", jaw(10, 30, start=0))
    assert read_take(path).seconds == pytest.approx(9 / 60)
    assert read_take(path, rate=30).seconds == pytest.approx(9 / 30)


def test_what_is_missing_unknown_or_no_number_is_said_and_bridged(tmp_path: Path) -> None:
    columns = [name for name in COLUMNS if name not in ("TongueOut", "CheekPuff")] + [
        "NoseWiggle",
        "EyeWideBoth",
    ]
    rows = [row[:2] + [row[2 + COLUMNS.index(name)] if name in COLUMNS else "0.5" for name in columns]
            for row in jaw(90, 60)]  # fmt: skip
    jaw_open, blink = 2 + columns.index("JawOpen"), 2 + columns.index("EyeBlinkLeft")
    rows[10][jaw_open], rows[11][jaw_open], rows[0][jaw_open] = "nan", "", "lost"
    rows[20][blink] = "1.4"
    for row in rows:
        row[2 + columns.index("MouthLeft")] = "NaN"
    rows[5] = rows[5][:20]  # broken off
    take = read_take(write(tmp_path / "take.csv", rows, columns))
    told = " ".join(take.notes)
    assert "tongueOut" in told and "cheekPuff" in told
    assert "NoseWiggle, EyeWideBoth" in told
    assert "no numbers, bridged" in told
    assert "Without a single number, ignored: MouthLeft." in take.notes
    assert "Values outside 0 to 1, clipped: 1." in take.notes
    assert "tongueOut" not in take.values and "mouthLeft" not in take.values
    assert take.values["jawOpen"][[10, 11]] == pytest.approx([0.10, 0.11])
    assert all(np.isfinite(values).all() and values.max() <= 1 for values in take.values.values())


def test_gaps_and_frames_out_of_order(tmp_path: Path) -> None:
    rows = jaw(180, 60)
    rows = rows[:60] + rows[90:] + [rows[100]]
    rows[20][0] = "no time"
    take = read_take(write(tmp_path / "take.csv", rows))
    assert "Frames whose time does not go on, left out: 1." in take.notes
    assert "Frames without a readable timecode, left out: 1." in take.notes
    assert any(
        note.startswith("Gaps in the recording, bridged: 1, the longest of 0.52 seconds at 0.98") for note in take.notes
    )
    at_sixty = at_rate(take, 60)
    assert np.allclose(at_sixty.values["jawOpen"], np.clip(np.arange(180) / 100, 0, 1), atol=1e-6)


def test_rotations_in_degrees(tmp_path: Path) -> None:
    rows = jaw(90, 60)
    for row in rows:
        row[2 + COLUMNS.index("HeadYaw")] = "20"
    take = read_take(write(tmp_path / "take.csv", rows))
    assert take.rotations["head"][0, 1] == pytest.approx(np.radians(20))
    assert "The rotations are taken for degrees." in take.notes


@pytest.mark.parametrize(
    "content",
    [
        [{"timestamp": i / 30, "blendShapes": {"jawOpen": i / 10, "EyeBlinkLeft": 1}} for i in range(4)],
        {"frames": [{"time": 1000 + i * 1000 / 30, "jawOpen": i / 10, "eyeBlinkLeft": 1} for i in range(4)]},
        {"names": ["jawOpen", "eyeBlinkLeft"], "frames": [{"weights": [i / 10, 1], "time": i / 30} for i in range(4)]},
        {"exportFps": 30, "facsNames": ["jawOpen", "eyeBlinkLeft"], "weightMat": [[i / 10, 1] for i in range(4)]},
        {"fps": 30, "jawOpen": [0, 0.1, 0.2, 0.3], "eyeBlinkLeft": [1, 1, 1, 1]},
    ],
    ids=["list", "milliseconds", "weights", "matrix", "columns"],
)
def test_json_in_all_its_forms(tmp_path: Path, content: object) -> None:
    path = tmp_path / "take.json"
    path.write_text(json.dumps(content))
    take = read_take(path)
    assert np.allclose(take.times, np.arange(4) / 30)
    assert np.allclose(take.values["jawOpen"], [0, 0.1, 0.2, 0.3])
    assert np.allclose(take.values["eyeBlinkLeft"], 1)
    assert len(take.notes) == 1, "only what is missing"


def test_head_rotation_in_json(tmp_path: Path) -> None:
    path = tmp_path / "take.json"
    frame = {"jawOpen": 0.0, "headRotation": {"pitch": 0.1, "yaw": -0.2, "roll": 0.3}}
    path.write_text(json.dumps([frame | {"time": i / 60} for i in range(3)]))
    assert read_take(path).rotations["head"][0] == pytest.approx([0.1, -0.2, 0.3])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("header.csv", b"Timecode,BlendshapeCount,JawOpen\n"),
        ("other.csv", b"photo,status\na.jpg,done\n"),
        ("times.csv", b"Timecode,JawOpen\nx,0.1\ny,0.2\n"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\xff"),
        ("null.csv", b"Timecode,Jaw\0Open\n1,2\n"),
        ("broken.json", b'[{"jawOpen": 0.1'),
        ("deep.json", b"[" * 100000),
        ("other.json", b'{"version": 1}'),
        ("numbers.json", b"[1, 2, 3]"),
        ("none.json", b"[]"),
        ("names.json", b'[{"smile": 1}]'),
        ("nan.json", b'[{"jawOpen": NaN}]'),
    ],
)
def test_what_is_no_take_is_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TakeError, match=rf"{name}.*: .*\.$"):
        read_take(path)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match=r"take\.csv cannot be read \(.*\): choose"):
        read_take(tmp_path / "take.csv")


def made(values: np.ndarray, rate: float) -> Take:
    return Take("made", np.arange(len(values)) / rate, {"jawOpen": values})


def test_retiming_keeps_what_happens_when_and_speed_shortens_it() -> None:
    wave = 0.5 + 0.5 * np.sin(np.arange(600) / 60 * 2 * np.pi * 0.5)
    slower = at_rate(made(wave, 60), 24)
    assert len(slower.times) == int(599 / 60 * 24) + 1
    assert np.allclose(slower.values["jawOpen"][5:-5], (0.5 + 0.5 * np.sin(slower.times * np.pi))[5:-5], atol=0.01)
    assert at_rate(made(wave, 60), 60, speed=2.0).seconds == pytest.approx(599 / 120, abs=1 / 60)
    single = at_rate(made(np.array([0.3]), 60), 24)
    assert single.values["jawOpen"].tolist() == [0.3]


def test_fewer_frames_do_not_flicker() -> None:
    flicker = np.tile([0.0, 1.0], 300)
    assert np.ptp(at_rate(made(flicker, 60), 15).values["jawOpen"][2:-2]) < 0.05


def test_smoothing_takes_noise_and_leaves_peaks_where_they_are() -> None:
    generator = np.random.default_rng(0)
    times = np.arange(300) / 60
    blink = np.exp(-0.5 * ((times - 2.5) / 0.15) ** 2)
    noisy = smoothed(made(blink + 0.05 * generator.standard_normal(300), 60), 0.05).values["jawOpen"]
    assert np.abs(noisy - smoothed(made(blink, 60), 0.05).values["jawOpen"]).std() < 0.025
    assert abs(int(np.argmax(noisy)) - 150) <= 2
    assert np.allclose(smoothed(made(np.full(50, 0.4), 60), 0.2).values["jawOpen"], 0.4), "also at the ends"


def test_turns_past_half_a_circle_go_on() -> None:
    turn = np.linspace(3.0, 3.4, 61)
    wrapped = (turn + np.pi) % (2 * np.pi) - np.pi
    take = Take("made", np.arange(61) / 60, {}, {"head": np.stack([turn * 0, wrapped, turn * 0], axis=1)})
    assert np.allclose(np.diff(at_rate(take, 120).rotations["head"][:, 1]), 0.4 / 120, atol=1e-6)
