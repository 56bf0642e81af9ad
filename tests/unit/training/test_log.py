"""The log of a training, and the same numbers for TensorBoard."""

import json
import math
import sys
from pathlib import Path

import pytest
from tests.unit.test_files import full_disk
from tests.unit.training.study import TINY

from fgresq.errors import OutputError, TrainingStoppedError, UserError
from fgresq.manifest import Manifest
from fgresq.training import events
from fgresq.training.config import QualityConfig
from fgresq.training.log import Log, read_log
from fgresq.training.run import run
from fgresq.training.schedule import cosine_share


def step(number: int, loss: float = 0.5) -> dict[str, object]:
    return {"event": "step", "step": number, "loss": loss}


def write(path: Path, *entries: dict[str, object]) -> None:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def test_what_is_written_can_be_read_at_once(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.write("start", kind="quality")
    log.write("step", step=1, loss=0.5)
    expected = [{"event": "start", "kind": "quality"}, step(1)]
    assert read_log(tmp_path / "log.jsonl") == expected
    Log(None).write("step", step=2, loss=0.5)


def test_every_line_is_json_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    Log(path).write("step", step=1, loss=0.5, norm=math.inf, scene=math.nan)
    assert "Infinity" not in path.read_text()
    assert read_log(path) == [{**step(1), "norm": None, "scene": None}]


@pytest.mark.parametrize("cut", ['{"event": "st', '{"event": "step", "step": 5, "loss": 0.2', "\0" * 40, "{"])
def test_a_last_line_that_was_cut_off_is_left_out_and_dropped(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "log.jsonl"
    write(path, {"event": "start"}, *map(step, range(1, 5)))
    with path.open("a") as file:
        file.write(cut)
    assert [entry["step"] for entry in read_log(path)[1:]] == [1, 2, 3, 4]
    Log(path, steps=4).write("step", step=5, loss=0.25)
    assert [entry["step"] for entry in map(json.loads, path.read_text().splitlines()[1:])] == [1, 2, 3, 4, 5]


def test_a_log_is_cut_back_to_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first = {"event": "evaluation", "step": 2, "epoch": 1, "acc": 0.5}
    second = {"event": "evaluation", "step": 4, "epoch": 2, "acc": 0.6}
    write(path, {"event": "start"}, step(1), step(2), first, step(3), step(4), second, step(5))
    # The checkpoint is from update 4, before the evaluation that follows it, which will come once more.
    Log(path, steps=4, epochs=1)
    assert read_log(path) == [{"event": "start"}, step(1), step(2), first, step(3), step(4)]
    Log(path)
    assert read_log(path) == [], "a training that begins anew has a log of its own"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not a log\n{}\n", "line 1 isn't JSON; this isn't a training log"),
        ('{"event": "start"}\n3\n', "line 2 isn't an entry"),
        ('{"loss": 3}\n', "line 1 isn't an entry"),
        ('{"event": "step", "step": 1}\n', "line 1 isn't an entry"),
        ('{"event": "evaluation", "step": "one", "epoch": 1}\n', "line 1 isn't an entry"),
    ],
)
def test_what_is_no_log(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"log\.jsonl: {message}"):
        read_log(path)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.jsonl: can't be read \(No such file"):
        read_log(tmp_path / "absent.jsonl")
    (tmp_path / "picture.jsonl").write_bytes(b"\x89PNG\xff")
    with pytest.raises(UserError, match=r"picture\.jsonl: isn't text"):
        read_log(tmp_path / "picture.jsonl")


def test_a_full_disk_is_said_and_what_was_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = Log(path)
    log.write("step", step=1, loss=0.5)
    with full_disk(60), pytest.raises(OutputError, match=r"log\.jsonl: the log can't be written \(File too large\)"):
        log.write("step", step=2, loss=0.25)
    assert read_log(path) == [step(1)]
    before = path.read_bytes()
    with full_disk(10), pytest.raises(OutputError, match=r"log\.jsonl: can't be written"):
        Log(path, steps=1)
    assert path.read_bytes() == before


def curves_of(folder: Path) -> dict[str, dict[int, float]]:
    """What TensorBoard would draw."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {
        tag: {event.step: event.value for event in accumulator.Scalars(tag)} for tag in accumulator.Tags()["scalars"]
    }


def test_the_rates_of_an_update_are_learning_rates(study: Manifest, tmp_path: Path) -> None:
    """Not the share of the peak, which is the same number whatever the settings."""
    config = QualityConfig(**{**TINY, "rate": 5e-6, "head_rate": 1e-4}, without_degradation=True, epochs=1)
    run(study, config, tmp_path)
    steps = [entry for entry in read_log(tmp_path / "log.jsonl") if entry["event"] == "step"]
    shares = [cosine_share(number, len(steps), 0.0, 0.0) for number in range(len(steps))]
    assert [entry["rate"] for entry in steps] == pytest.approx([5e-6 * share for share in shares])
    assert [entry["head_rate"] for entry in steps] == pytest.approx([1e-4 * share for share in shares])


def test_event_files_say_what_the_log_says_after_an_interruption_too(study: Manifest, tmp_path: Path) -> None:
    config = QualityConfig(**TINY, without_degradation=True, epochs=2, tensorboard=True, save_every=4)

    def fail(done: int, of: int, loss: float) -> None:
        del of, loss
        if done == 7:
            raise TrainingStoppedError("as if killed")

    with pytest.raises(TrainingStoppedError):
        run(study, config, tmp_path, fail)
    assert set(curves_of(tmp_path)["step/loss"]) == set(range(1, 8))
    run(study, config, tmp_path)
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 2
    curves = curves_of(tmp_path)
    log = read_log(tmp_path / "log.jsonl")
    for tag, name in (("step/loss", "loss"), ("step/scene", "scene"), ("step/rate", "rate"), ("evaluation/acc", "acc")):
        expected = {entry["step"]: entry[name] for entry in log if entry["event"] == tag.split("/")[0]}
        assert curves[tag] == pytest.approx(expected, rel=1e-6), tag
    assert "evaluation/acc/Denoising" in curves
    assert not [tag for tag in curves if tag.endswith(("/step", "/epoch"))]


def test_without_tensorboard_it_is_said_before_the_first_step(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    config = QualityConfig(**TINY, without_degradation=True, tensorboard=True)
    with pytest.raises(UserError, match=r"needs TensorBoard: pip install 'fgresq\[tensorboard\]'; or leave"):
        run(study, config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_events_on_a_full_disk(tmp_path: Path) -> None:
    with full_disk(20), pytest.raises(OutputError, match=r"events\.out\.tfevents.*: the events can't be written"):
        events.EventFile(tmp_path, 1)
