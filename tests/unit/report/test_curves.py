"""A training's log drawn."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.test_files import full_disk

from fgresq.errors import OutputError, UserError
from fgresq.report.curves import _running_mean, draw_curves


def entries(updates: int = 40) -> list[dict[str, object]]:
    log: list[dict[str, object]] = [{"event": "start", "kind": "quality"}]
    for step in range(1, updates + 1):
        log.append({"event": "step", "step": step, "loss": 1 / step, "scene": 0.1 / step, "rank": 0.5 / step})
        if step % 10 == 0:
            log.append(
                {"event": "evaluation", "step": step, "epoch": step // 10, "acc": 0.5 + step / 100, "srcc": None}
            )
    return log


def test_a_png_shows_something(tmp_path: Path) -> None:
    draw_curves(entries(), tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape[1] > 2 * pixels.shape[0], "two diagrams side by side"
    for half in np.array_split(pixels, 2, axis=1):
        assert len(np.unique(half.reshape(-1, 3), axis=0)) > 50


def texts(path: Path, monkeypatch: pytest.MonkeyPatch, log: list[dict[str, object]]) -> set[str]:
    """What can be read in a drawing."""
    monkeypatch.setitem(sys.modules["matplotlib"].rcParams, "svg.fonttype", "none")
    draw_curves(log, path)
    return {"".join(node.itertext()).strip() for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")}  # noqa: S314 - our own file


def test_an_svg_names_what_the_log_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib as mpl

    assert mpl
    found = texts(tmp_path / "curves.svg", monkeypatch, entries())
    assert {"loss", "scene", "rank", "acc", "update", "validation side"} <= found
    assert "srcc" not in found, "it has no value"
    stage_one = [{k: v for k, v in entry.items() if k not in {"scene", "rank", "acc"}} for entry in entries()]
    stage_one.append({"event": "evaluation", "step": 40, "epoch": 4, "task_accuracy": 0.9, "most_frequent_task": 0.2})
    found = texts(tmp_path / "stage1.SVG", monkeypatch, stage_one)
    assert {"loss", "task_accuracy", "most_frequent_task"} <= found
    assert not {"scene", "rank", "acc"} & found


def test_before_the_first_evaluation_the_loss_is_drawn_alone(tmp_path: Path) -> None:
    draw_curves(entries(5), tmp_path / "curves.pdf")
    assert (tmp_path / "curves.pdf").read_bytes().startswith(b"%PDF")


def test_the_running_mean_is_a_mean() -> None:
    assert _running_mean([3.0] * 50) == pytest.approx([3.0] * 50), "without the pull of a start at 0"
    steps = [0.0] * 200 + [1.0] * 200
    mean = _running_mean(steps)
    assert mean[199] == 0
    assert mean == sorted(mean)
    # A twentieth of 400 is 20 updates; after 20 more, all but 1/e of the step is made.
    assert mean[219] == pytest.approx(1 - (1 - 1 / 20) ** 20, abs=1e-4)


def test_a_log_without_updates_is_named(tmp_path: Path) -> None:
    for log in ([], [{"event": "start"}]):
        with pytest.raises(UserError, match=r"^run/log\.jsonl: has no update yet; there is nothing to draw$"):
            draw_curves(log, tmp_path / "curves.png", "run/log.jsonl")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["curves.jpg", "curves", "curves.png.txt"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=rf"{name}: the name must end in \.png, \.svg, \.pdf"):
        draw_curves(entries(), tmp_path / name)


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"curves\.png: can't be written \(there is no folder"):
        draw_curves(entries(), tmp_path / "absent" / "curves.png")
    with full_disk(1000), pytest.raises(OutputError, match=r"curves\.png: can't be written \(File too large\)"):
        draw_curves(entries(), tmp_path / "curves.png")
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match=r"needs matplotlib: pip install 'fgresq\[train\]'"):
        draw_curves(entries(), tmp_path / "curves.png")
