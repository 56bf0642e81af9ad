"""What the default weights must know without asking anyone: a part of `benchmarks/known_truth.py`."""

import importlib.util
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

import fgresq
from fgresq.records import Preference
from fgresq.scoring.scorer import Scorer

_FILE = Path(__file__).parents[2] / "benchmarks" / "known_truth.py"
_SPEC = importlib.util.spec_from_file_location("known_truth", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
known_truth = importlib.util.module_from_spec(_SPEC)
sys.modules["known_truth"] = known_truth
_SPEC.loader.exec_module(known_truth)
LADDERS, blanks = known_truth.LADDERS, known_truth.blanks
encoded, enlarged_after = known_truth.encoded, known_truth.enlarged_after

SURE = (
    "JPEG, quality", "WebP, quality", "blur, sigma", "noise, deviation", "nearest neighbour, factor", "bicubic, factor",
    "banding, levels", "darkened, factor", "faded, contrast", "super-resolved, factor",
)  # fmt: skip


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fgresq.load("compact", device="cpu")


@pytest.fixture(scope="module")
def photographs() -> list[NDArray[np.uint8]]:
    return [getattr(skimage.data, name)()[40:296, 40:296] for name in ("astronaut", "coffee", "chelsea")]


@pytest.mark.parametrize("name", SURE)
def test_steps_that_are_far_apart(name: str, scorer: Scorer, photographs: list[NDArray[np.uint8]]) -> None:
    """Every second step of a ladder: at least eleven of twelve right, counted over the photographs."""
    fault, strengths = LADDERS[name]
    right = []
    for photograph in photographs:
        steps = [photograph, *(np.ascontiguousarray(fault(photograph, strength)) for strength in strengths[1::2])]
        pairs = list(itertools.combinations(steps, 2))
        found = scorer.compare([a for a, _ in pairs], [b for _, b in pairs])
        right += [one.preference is Preference.A for one in found]
    assert np.mean(right) >= 11 / 12


def test_nothing_is_worse_than_a_picture_of_nothing(scorer: Scorer, photographs: list[NDArray[np.uint8]]) -> None:
    worst = enlarged_after(photographs[0], 4)
    for name, blank in blanks((256, 256, 3)).items():
        assert scorer.compare(worst, blank).preference is Preference.A, name
        assert scorer.score(blank).score < scorer.score(worst).score, name


def test_compression_makes_no_restoration_better(scorer: Scorer, photographs: list[NDArray[np.uint8]]) -> None:
    for photograph in photographs:
        restored = enlarged_after(photograph, 1.5)
        for kind, quality in (("JPEG", 30), ("WEBP", 10)):
            assert scorer.compare(restored, encoded(restored, kind, quality)).preference is Preference.A


def test_a_picture_is_equal_to_itself(scorer: Scorer, photographs: list[NDArray[np.uint8]]) -> None:
    for photograph in photographs:
        found = scorer.compare(photograph, photograph)
        assert found.preference is Preference.EQUAL
        assert found.p_equal > 0.99
