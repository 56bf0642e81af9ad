"""Settings, the rate's way, the log."""

import json
import math
from pathlib import Path

import pytest

from fgresq.errors import UserError
from fgresq.training.config import DegradationConfig, QualityConfig, read_config
from fgresq.training.log import Log, read_log
from fgresq.training.schedule import cosine_share


def test_the_papers_settings_are_the_defaults() -> None:
    config = QualityConfig()
    assert (config.rate, config.batch_size, config.scene_weight, config.rank_weight) == (5e-6, 64, 5, 1)
    assert config.split == "content", "the paper's split leaks; it has to be asked for"


def test_the_file_and_then_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("epochs: 3\nseed: 5\n")
    config = read_config(QualityConfig, path, {"seed": 7})
    assert (config.epochs, config.seed) == (3, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "there is no setting 'epoch'; did you mean epochs"),
        ("epochs: 0", "epochs: input should be greater than or equal to 1"),
        ("- 3", "holds a list"),
        ("a: [", "can't be read as YAML"),
    ],
)
def test_wrong_settings(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_config(DegradationConfig, path, {})
    with pytest.raises(UserError, match="can't be read"):
        read_config(DegradationConfig, tmp_path / "absent.yaml", {})


def test_cosine() -> None:
    shares = [cosine_share(step, 100, 0.1, 0.01) for step in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[9] == shares[10] == 1
    assert shares[55] == pytest.approx(0.01 + 0.99 * (1 + math.cos(math.pi / 2)) / 2)
    assert shares[100] == pytest.approx(0.01)
    assert shares[10:] == sorted(shares[10:], reverse=True)


def test_a_log_is_cut_back_to_the_checkpoint_and_survives_a_cut_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = Log(path)
    for step in range(1, 5):
        log.write("step", step=step, loss=1 / step)
    with path.open("a") as file:
        file.write('{"event": "st')
    assert [entry["step"] for entry in read_log(path)] == [1, 2, 3, 4]
    Log(path, keep=2).write("step", step=3, loss=0.5)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2, 3]
    path.write_text("not a log\n{}\n")
    with pytest.raises(UserError, match="line 1 isn't JSON"):
        read_log(path)
