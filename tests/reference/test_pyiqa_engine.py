"""The engine pyiqa for real: the metrics that need no weights, against official scores and against ours.

Not part of a usual run: it takes 7 GB of disk and minutes. Name a folder to keep the environment in:

    FGRESQ_TEST_ENGINES=/somewhere pytest tests/reference/test_pyiqa_engine.py
"""

import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from fgresq.errors import DownloadError, EngineError
from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
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
    "vif": 5e-5,
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
        judged[name] = [answer.score for answer in answers if answer.score is not None]
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


def test_what_it_says_of_itself(engine: Engine) -> None:
    assert engine.version.startswith("pyiqa 0.1.16, torch 2.14.1, torchvision 0.29.1, ")
    assert engine.weights("psnr") is None


def test_metrics_that_it_cannot_run(engine: Engine, pairs: list[tuple[Path, Path | None]]) -> None:
    with pytest.raises(EngineError, match="pyiqa has no metric 'no-such'"):
        engine.scores("no-such", pairs)
    (alone,) = engine.scores("psnr", [(pairs[0][0], None)])
    assert alone.error is not None
    assert "compares a picture with its reference" in alone.error
