import numpy as np
import pytest

from benchmarks import figures, linear_span, speed
from benchmarks.peers.environments import Peer, PeerAbsentError, run_peer
from benchmarks.results import render, run_section
from benchmarks.sections import Context
from pix2vertex_blender.template import load_template


def stages(seconds):
    return {"network": {"cpu": seconds, "wall": 2 * seconds, "megabytes": 300.0}}


def test_a_stage_is_told_as_a_ratio_to_the_earlier_release():
    imports = {"cpu": 1.0, "wall": 1.0, "megabytes": 100.0}
    measured = {"devices": {"cpu": {"imports": imports, "cold": stages(3.0), "warm": stages(1.0)}}}
    earlier = {"version": "0.1.0", "devices": {"cpu": {"imports": imports, "cold": stages(2.0), "warm": stages(4.0)}}}
    [table] = speed.tables(measured, earlier)
    rows = {row[0]: row for row in table.rows}
    assert rows["network"][1:] == [3.0, 6.0, 1.0, 2.0, 300.0, 1.5, 0.25]
    assert rows["total"][-2:] == [1.5, 0.25]
    assert rows["imports"][-2] == 1.0


def test_a_meter_measures_each_stage():
    meter = speed.Meter()
    for stage in ("start", "network"):
        meter(stage, 0.0)
        sum(range(200_000))
        meter(stage, 0.5)
        meter(stage, 1.0)
    assert list(meter.stages) == ["start", "network"]
    assert meter.total("wall") >= meter.stages["network"]["wall"] > 0
    assert meter.stages["start"]["megabytes"] > 10


@pytest.mark.slow
def test_a_peer_that_cannot_be_installed_is_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    nothing = Peer("nothing 1.0", "nothing", (str(tmp_path / "no_such_package"),), "trimesh_nricp.py")
    with pytest.raises(PeerAbsentError, match=r"nothing 1\.0 could not be installed"):
        run_peer(nothing, [], 10)


def test_what_is_not_on_this_machine_is_said_in_its_place(tmp_path, monkeypatch):
    monkeypatch.setenv("PIX2VERTEX_SHARED", str(tmp_path))
    section = run_section("scans", Context(tmp_path, "cpu"))
    [sentence] = section.notes
    assert sentence.startswith("Not measured: the folder scans")
    text = render([section], "cpu", 60)
    assert sentence in text
    assert str(tmp_path) not in text


def test_pictures_are_written_for_what_is_known(tmp_path):
    template = load_template()
    values = np.where(template.groups["face"] > 0.5, template.vertices[:, 2] / 50, np.nan)
    figures.heat_map(tmp_path / "heat.png", template, values, "mm")
    figures.cumulative_curves(tmp_path / "curve.png", {"ours": [1, 2, np.nan]}, 5.0, "NME, %")
    assert all((tmp_path / name).stat().st_size > 3000 for name in ("heat.png", "curve.png"))


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_the_mean_head_lies_in_the_models_span():
    assert np.percentile(linear_span.residuals_of(load_template().vertices), 98) < 0.2
