"""The engine pyiqa for real: the metrics that need no weights, against official scores and against ours.

And of all others, whether they can be imported, and are told apart by their weights.

Not part of a usual run: it takes 7 GB of disk and minutes. Name a folder to keep the environment in:

    FGRESQ_TEST_ENGINES=/somewhere pytest tests/reference/test_pyiqa_engine.py

Other engines are looked at where they're installed in that folder.
"""

import csv
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.reference.test_piqe import PYIQA, crops

from fgresq.errors import DownloadError, EngineError
from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.metrics.base import MetricCard
from fgresq.metrics.catalogue import card_of, cards
from fgresq.metrics.engines.declarations import ENGINES
from fgresq.metrics.engines.engine import Engine
from fgresq.metrics.engines.environment import State, find, install
from fgresq.metrics.native import metric

pytestmark = [pytest.mark.network, pytest.mark.shared]

IMAGES = ("I03", "I04", "I06", "I08", "I19")
# Absolute, on the five pictures: what was measured, rounded up. The official rows of psnr, piqe (two decimals) and most
# others (four) are rounded; ms_ssim, nlpd and vsi are other programs than the official ones in some detail.
OFFICIAL = {
    "psnr": 5e-3,
    "ssim": 5e-4,
    "ms_ssim": 5e-3,
    "cw_ssim": 6e-5,
    "fsim": 1e-4,
    "vif": 5e-4,  # in float32: 3.3e-5 on one processor, 4.2e-4 on another, on the two with flat areas
    "gmsd": 3e-6,
    "mad": 6e-5,
    "nlpd": 6e-3,
    "vsi": 1.3e-2,
    "entropy": 1e-4,
    "piqe": 6e-3,
}
NO_REFERENCE = ("entropy", "piqe")
OURS = {"psnr": 5e-5, "ssim": 1e-3, "piqe": 1e-3}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    folder = os.environ.get("FGRESQ_TEST_ENGINES")
    if not folder:
        pytest.skip("takes 7 GB and minutes; to run it, name a folder to install pyiqa in: FGRESQ_TEST_ENGINES")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FGRESQ_HOME", folder)
        if find(ENGINES["pyiqa"]).state is not State.READY:
            try:
                install(ENGINES["pyiqa"])
            except DownloadError as error:
                if "from versions: none" in str(error):
                    pytest.skip(f"the package index doesn't answer: {error}")
                raise
        with Engine("pyiqa", device="cpu") as started:
            yield started


@pytest.fixture(scope="module")
def pairs(shared: Path) -> list[tuple[Path, Path | None]]:
    folder = shared / "data" / "calibration" / "ResultsCalibra"
    return [(folder / "dist_dir" / f"{name}.bmp", folder / "ref_dir" / f"{name}.bmp") for name in IMAGES]


@pytest.fixture(scope="module")
def official(shared: Path) -> Mapping[str, list[float]]:
    path = shared / "data" / "calibration" / "ResultsCalibra" / "results_official.csv"
    with path.open() as rows:
        return {row["Method"]: [float(row[f"{name}.bmp"]) for name in IMAGES] for row in csv.DictReader(rows)}


@pytest.fixture(scope="module")
def scores(engine: Engine, pairs: list[tuple[Path, Path | None]]) -> Mapping[str, list[float]]:
    judged = {}
    for name in OFFICIAL:
        items = [(image, None) for image, _ in pairs] if name in NO_REFERENCE else pairs
        answers = engine.scores(name, items)
        assert [answer.error for answer in answers] == [None] * len(items)
        judged[name] = [answer.value for answer in answers if answer.value is not None]
    return judged


@pytest.mark.parametrize("name", OFFICIAL)
def test_against_official_scores(
    scores: Mapping[str, list[float]], official: Mapping[str, list[float]], name: str
) -> None:
    np.testing.assert_allclose(scores[name], official[name], rtol=0, atol=OFFICIAL[name])


@pytest.mark.parametrize("name", OURS)
def test_against_our_own(scores: Mapping[str, list[float]], pairs: list[tuple[Path, Path | None]], name: str) -> None:
    ours = [metric(name)(*(to_unit(decode(path)) for path in pair if path is not None)) for pair in pairs]
    np.testing.assert_allclose(scores[name], ours, rtol=0, atol=OURS[name])


def inside(engine: Engine, *arguments: object, **environment: str) -> Any:
    """What `engine_checks.py` finds in the engine's environment."""
    command = [engine._folder / "bin" / "python", "-E", "-s", Path(__file__).with_name("engine_checks.py"), *arguments]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def of_pyiqa() -> list[MetricCard]:
    return [spec for spec in cards() if spec.engine == "pyiqa"]


def test_the_module_of_every_declared_metric_imports(engine: Engine) -> None:
    names = [spec.engine_name for spec in of_pyiqa()]
    assert inside(engine, "imports", *names) == dict.fromkeys(names)


# What the programs of the other engines import, and the names of it that they use.
IMPORTS = {
    "deqa": "import accelerate, einops, google.protobuf, icecream, PIL, sentencepiece, torch; from transformers import "
    "AutoModelForCausalLM, AutoTokenizer, LlamaTokenizer, LlamaForCausalLM, CLIPImageProcessor; from huggingface_hub "
    "import hf_hub_download",
    "hf": "import accelerate, PIL, torch, torchvision; from transformers import AutoProcessor, "
    "Qwen2_5_VLForConditionalGeneration; from qwen_vl_utils import process_vision_info; from huggingface_hub import "
    "hf_hub_download",
}


@pytest.mark.parametrize("name", IMPORTS)
def test_what_the_other_engines_need_imports(engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FGRESQ_HOME", str(engine._folder.parent.parent))
    found = find(ENGINES[name])
    if found.state is not State.READY:
        pytest.skip(f"{name} isn't installed in {found.folder.parent}: {found.why}")
    done = subprocess.run([found.python, "-E", "-s", "-c", IMPORTS[name]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_its_libraries_ask_for_the_weights_that_are_declared(engine: Engine) -> None:
    kept = [place for spec in of_pyiqa() for place in spec.weights_in]
    # CLIP's file is named by the last part of its address, and in a folder of its own.
    names = [place.removeprefix("hub:") if place.startswith("hub:") else place.rsplit("/", 1)[1] for place in kept]
    assert inside(engine, "places", *names) == names


def test_weights_beside_a_model_s_state_identify_it(engine: Engine, tmp_path: Path) -> None:
    found = inside(engine, "clip", tmp_path, ENGINES["pyiqa"].program.parent, TORCH_HOME=str(tmp_path))
    for name in ("clipiqa", "liqe"):
        first, again, other = found[name]
        assert first["weights"] is not None
        assert first == again
        assert other["weights"] != first["weights"]
        assert other["score"] != first["score"]
    assert found["refused"] == [223] == [card_of("liqe").least_side - 1]


@pytest.mark.parametrize("spec", [spec for spec in of_pyiqa() if not spec.weights_in], ids=lambda spec: spec.name)
def test_least_sides(engine: Engine, spec: MetricCard, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    # A side under 8 pixels no metric judges, so nothing else is to be seen of it.
    sides = [(max(spec.least_side, 8), True), (spec.least_side - 1, False)]
    for side, judged in [each for each in sides if each[0] >= 8]:
        paths = [tmp_path / f"{name}-{side}.png" for name in ("image", "reference")]
        for path in paths:
            Image.fromarray(draw.integers(0, 256, (side, 200, 3)).astype(np.uint8)).save(path)
        items = [(paths[0], paths[1] if spec.full_reference else None)]
        (answer,) = engine.scores(spec.engine_name, items)
        assert (answer.value is not None) is judged, answer.error
        (declared,) = engine.scores(spec.engine_name, items, spec.least_side)
        assert (declared.value is not None) is judged


def test_its_piqe_is_what_two_departures_make_of_it(engine: Engine, tmp_path: Path) -> None:
    # The recorded scores that tests/reference/test_piqe.py holds to the definition with those departures.
    for name, pixels in crops().items():
        Image.fromarray(pixels).save(tmp_path / "crop.png")
        (answer,) = engine.scores("piqe", [(tmp_path / "crop.png", None)])
        assert answer.value == pytest.approx(PYIQA[name], abs=1e-3)


def test_what_it_says_of_itself(engine: Engine) -> None:
    assert engine.version.startswith("pyiqa 0.1.16, torch 2.14.1, torchvision 0.29.1, ")
    assert engine.weights("psnr") is None


def test_metrics_that_it_cannot_run(engine: Engine, pairs: list[tuple[Path, Path | None]]) -> None:
    with pytest.raises(EngineError, match="pyiqa has no metric 'no-such'"):
        engine.scores("no-such", pairs)
    (alone,) = engine.scores("psnr", [(pairs[0][0], None)])
    assert alone.error is not None
    assert "compares a picture with its reference" in alone.error
