"""Metrics by their names: what identifies them, what they lack, and that each gives what the thing behind it gives."""

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from tests.end_to_end.command import inside

import fgresq
from fgresq.errors import CheckpointError, EngineError, UserError
from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.manifest import write_csv
from fgresq.metrics.base import Metric, PairMetric, Score
from fgresq.metrics.catalogue import card_of, cards
from fgresq.metrics.engines import metric as engine_metric
from fgresq.metrics.engines.caches import NOT_ON_DISK, needs_fetching
from fgresq.metrics.engines.engine import Engine
from fgresq.metrics.engines.environment import State
from fgresq.metrics.functions import FunctionMetric
from fgresq.metrics.native import NATIVE, metric
from fgresq.metrics.registry import all_that_work, check, identify, missing, open_metric
from fgresq.metrics.runners import MetricSettings
from fgresq.model.store import locate, sha256_of
from fgresq.records import ImageRecord
from fgresq.scoring import metric as model_metric

CPU = MetricSettings(device="cpu")
USUAL = MetricSettings()
ANSWERS = [Score(0.5), Score(None, "crashed"), Score(None, "given up", retry=True)]


def opened(name: str, settings: MetricSettings) -> Metric:
    return open_metric(identify(name, settings), settings)


@pytest.fixture
def half(photographs: Mapping[str, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A photograph at half its size, and a reduced copy of it."""
    whole = Image.open(photographs["chelsea"]).resize((220, 150))
    whole.save(tmp_path / "reference.png")
    whole.resize((55, 38)).resize((220, 150)).save(tmp_path / "image.png")
    return tmp_path / "image.png", tmp_path / "reference.png"


@pytest.mark.parametrize("name", ["psnr", "ssim", "sharpness", "piqe"])
def test_a_native_metric_gives_its_own_score(name: str, half: tuple[Path, Path]) -> None:
    image, reference = half
    judge = opened(name, USUAL)
    assert isinstance(judge, Metric)
    assert not isinstance(judge, PairMetric)
    assert judge.card.title == NATIVE[name].title
    (answer,) = judge.score([(image, reference if NATIVE[name].full_reference else None)])
    pixels = [to_unit(decode(path)) for path in half]
    assert answer == Score(metric(name)(pixels[0], pixels[1]))


def test_equal_pictures_have_an_infinite_psnr(half: tuple[Path, Path]) -> None:
    assert opened("psnr", USUAL).score([(half[0], half[0])]) == [Score(math.inf)]


def test_a_bad_file_is_an_answer_with_its_reason(half: tuple[Path, Path], tmp_path: Path) -> None:
    image, reference = map(str, half)
    (tmp_path / "bad.png").write_bytes(half[0].read_bytes()[:300])
    Image.new("RGB", (100, 100)).save(tmp_path / "other size.png")
    bad = str(tmp_path / "bad.png")
    answers = opened("ssim", USUAL).score(
        [(bad, reference), (image, bad), (image, reference), (tmp_path / "other size.png", reference), (image, None)]
    )
    assert [answer.value is None for answer in answers] == [True, True, False, True, True]
    assert "bad.png" not in answers[0].error
    assert answers[1].error.startswith(bad)
    assert "of one size" in answers[3].error
    assert answers[4].error == "SSIM compares a picture with its reference; none was given"


def test_the_hash_of_parameters_is_part_of_a_metric(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="NIQE needs the authors' parameters"):
        identify("niqe")
    folder = tmp_path / "parameters"
    folder.mkdir()
    for content in (b"one", b"two"):
        (folder / NATIVE["niqe"].parameter_files[0]).write_bytes(content)
    shutil.copytree(folder, tmp_path / "copy")
    second = identify("niqe", MetricSettings(str(folder)))
    assert second.parameters == identify("niqe", MetricSettings(str(tmp_path / "copy"))).parameters
    (folder / NATIVE["niqe"].parameter_files[0]).write_bytes(b"three")
    assert identify("niqe", MetricSettings(str(folder))).key != second.key


def test_fgresq_scores_and_compares_as_it_does_elsewhere(photographs: Mapping[str, Path], tmp_path: Path) -> None:
    judge = opened("fgresq-compact", CPU)
    assert isinstance(judge, PairMetric)
    assert judge.card.spreads
    assert judge.card.compares
    scorer = fgresq.load(device="cpu")
    assert judge.card.parameters == scorer.provenance.weights_sha256
    paths = [str(path) for path in photographs.values()]
    (tmp_path / "bad.png").touch()
    found = judge.score([(path, None) for path in [*paths, str(tmp_path / "bad.png")]])
    expected = [score.score for score in scorer.score(paths)]
    assert [answer.value for answer in found[:3]] == pytest.approx(expected, abs=1e-5)
    assert found[3].error == "is empty (0 bytes)"
    answers = judge.compare([(paths[0], paths[1]), (paths[2], str(tmp_path / "bad.png"))])
    alone = scorer.compare(paths[0], paths[1])
    assert answers[0].preference is alone.preference
    assert answers[0].p_equal == pytest.approx(alone.p_equal, abs=1e-5)
    assert answers[0].scores[1].value == pytest.approx(expected[1], abs=1e-5)
    assert (answers[1].preference, answers[1].p_equal, answers[1].scores[0].error) == (None, None, None)
    assert answers[1].scores[1].error == "is empty (0 bytes)"


def test_the_settings_that_change_answers_make_another_judge() -> None:
    keys = {
        identify("fgresq-compact", settings).key
        for settings in (CPU, MetricSettings(order="released"), MetricSettings(precision="bf16"))
    }
    assert len(keys) == 3
    assert identify("fgresq-compact", MetricSettings(batch_size=3)).key in keys


def test_weights_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.safetensors"
    shutil.copy(locate("compact").path, own)
    declared = identify(f"fgresq:{own}", CPU)
    assert (declared.metric, declared.title, declared.name) == ("fgresq", "FGResQ (mine.safetensors)", f"fgresq:{own}")
    with pytest.raises(UserError, match="no weights are called"):
        identify("fgresq:gone.pth")
    assert identify("fgresq:compact", CPU).title == "FGResQ (compact)", "not that of the authors' weights"


def test_unknown_and_absent_metrics_say_what_to_do() -> None:
    with pytest.raises(UserError, match=r"no metric is called 'pnsr'; did you mean .*psnr"):
        identify("pnsr")
    with pytest.raises(UserError, match="fgresq weights fetch released"):
        identify("fgresq")
    with pytest.raises(UserError, match=r"pyiqa isn't installed; `fgresq metrics install pyiqa`"):
        identify("lpips")
    assert "the engine magic" in missing(card_of("lpips").model_copy(update={"engine": "magic"})).what


def test_an_engine_s_answers_are_its_metric_s(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Fake(Engine):
        version = "pyiqa 1, program ab"
        recorded: Mapping[str, str] = {}

        def __init__(self) -> None: ...

        def weights(self, metric: str) -> str:
            return f"hash of {metric}"

        def scores(self, metric: str, items: list[tuple[Path, Path | None]], least_side: int = 1) -> list[Score]:
            assert least_side == card_of("lpips").least_side
            asked.append((metric, items))
            return ANSWERS

    monkeypatch.setattr(engine_metric, "_started", lambda name, device: Fake())
    judge = engine_metric.open_engine_metric(engine_metric.identify_engine_metric(card_of("lpips"), CPU), CPU)
    assert isinstance(judge, Metric)
    assert (judge.card.spreads, judge.card.higher_is_better, judge.card.full_reference) == (False, False, True)
    assert judge.card.parameters == f"hash of {card_of('lpips').engine_name}"
    assert "pyiqa 1, program ab" in judge.card.version
    assert judge.score([("a", "r"), ("b", "r"), ("c", "r")]) == ANSWERS
    assert asked[0][1][0] == ("a", "r")


class Loading(Engine):
    """An engine that counts what it loads."""

    version = "pyiqa 1, program ab"

    def __init__(self, recorded: Mapping[str, str], refuses: str = "") -> None:
        self._recorded, self._refuses, self.loads = dict(recorded), refuses, []

    @property
    def recorded(self) -> Mapping[str, str]:
        return self._recorded

    def weights(self, metric: str) -> str:
        self.loads.append(metric)
        if metric == self._refuses:
            raise EngineError("the engine pyiqa can't load this metric: URLError: no network")
        return self._recorded.setdefault(metric, f"hash of {metric}")


@pytest.fixture
def clip_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CLIP-IQA's weights where pyiqa keeps them; nobody else's are there."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    path = tmp_path / "torch" / "hub" / "clip" / "RN50.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    return path


def test_identifying_loads_only_what_was_never_loaded_or_is_gone(
    monkeypatch: pytest.MonkeyPatch, clip_on_disk: Path
) -> None:
    engine = Loading({"clipiqa": "hash of clipiqa"})
    monkeypatch.setattr(engine_metric, "_started", lambda name, device: engine)
    found = [
        engine_metric.identify_engine_metric(card_of(name), CPU).parameters for name in ("clipiqa", "clipiqa", "fsim")
    ]
    assert found == ["hash of clipiqa", "hash of clipiqa", "hash of fsim"]
    assert engine.loads == ["fsim"]
    engine_metric.open_engine_metric(card_of("clipiqa"), CPU)
    assert engine.loads == ["fsim", "clipiqa"]  # what judges is loaded, so that its weights are known to be those
    clip_on_disk.unlink()
    engine_metric.identify_engine_metric(card_of("clipiqa"), CPU)
    assert engine.loads == ["fsim", "clipiqa", "clipiqa"]


def test_a_run_says_of_weights_that_are_not_on_disk_what_the_list_says(
    monkeypatch: pytest.MonkeyPatch, clip_on_disk: Path
) -> None:
    engine = Loading({}, refuses="liqe")
    monkeypatch.setattr(engine_metric, "_started", lambda name, device: engine)
    monkeypatch.setattr(engine_metric, "find", lambda spec: SimpleNamespace(state=State.READY))
    with pytest.raises(EngineError) as raised:
        identify("liqe")
    said = str(raised.value)
    assert said.startswith(f"liqe: {NOT_ON_DISK} ({clip_on_disk.parent.parent}")
    assert said.endswith("and couldn't be fetched: the engine pyiqa can't load this metric: URLError: no network")
    working, reasons = all_that_work(USUAL)
    assert {"clipiqa", "fsim"} <= {card.name for card in working}
    assert reasons["liqe"] == needs_fetching(card_of("liqe"))
    assert reasons["liqe"].startswith(NOT_ON_DISK)
    assert engine.loads.count("liqe") == 1  # `all` fetches nothing


def test_a_file_that_holds_no_weights_is_found_out_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("path,score\na.png,1\n")
    identify(f"fgresq:{tmp_path / 'scores.csv'}")  # it has a hash, as any file does
    with pytest.raises(CheckpointError, match=r"scores\.csv: isn't a weights file"):
        check(f"fgresq:{tmp_path / 'scores.csv'}")
    check("psnr")


def test_a_score_that_is_no_number_is_a_failure(monkeypatch: pytest.MonkeyPatch, half: tuple[Path, Path]) -> None:
    judge = FunctionMetric(NATIVE["sharpness"], lambda _: np.nan)
    assert judge.score([(half[0], None)]) == [Score(None, "the metric's answer isn't a number")]


def test_a_metric_that_breaks_on_a_picture_fails_for_that_picture(half: tuple[Path, Path]) -> None:
    def singular(_: object) -> float:
        raise np.linalg.LinAlgError("Singular matrix")

    judge = FunctionMetric(NATIVE["sharpness"], singular)
    assert judge.score([(half[0], None)]) == [Score(None, "Singular matrix")]


def test_all_are_those_that_work_and_the_others_have_a_reason() -> None:
    working, reasons = all_that_work(CPU)
    names = [card.name for card in working]
    assert {"psnr", "ssim", "piqe", "sharpness", "niqe-fgresq-bsds500", "fgresq-compact"} <= set(names)
    assert {*names, *reasons} == {spec.name for spec in cards()}
    assert not set(names) & set(reasons)
    assert "fgresq metrics install pyiqa" in reasons["lpips"]
    assert all(card.key for card in working)


def test_a_run_identifies_each_metric_once(
    half: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of 600 MB take a second to hash."""
    hashed = []

    def noted(path: Path) -> str:
        hashed.append(path)
        return sha256_of(path)

    monkeypatch.setattr(model_metric, "sha256_of", noted)
    row = ImageRecord("a", str(half[0]), "mine", None, "chelsea", "x", 1.0)
    write_csv(tmp_path / "images.csv", [row])
    run = ("benchmark", "run", "--manifest", tmp_path, "--store", tmp_path / "store", "--workers", 1, "--device", "cpu")
    inside(*run, "--metrics", "fgresq:compact")
    assert len(hashed) == 1
