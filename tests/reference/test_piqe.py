"""PIQE on JPEG-compressed crops, where ours and pyiqa's differ by up to 14 points: ours is the definition's.

The official scores of `ResultsCalibra` (test_classical_official.py) can't tell them apart: four of its pictures have
a white pixel and whole blocks, the fifth has no active block. Here are crops that can, of photographs from a wheel,
as a JPEG decoder gave them.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.reference import slow_piqe

from fgresq.metrics.piqe import piqe

# Recorded with pyiqa 0.1.16, torch 2.14.1, on a CPU; in float32, so good to two or three decimals.
PYIQA = {
    "white, whole blocks": 60.46159,
    "dim, whole blocks": 35.87372,
    "white, odd sides": 56.91520,
    "dim, odd sides": 23.52541,
}
# Recorded with this program, on a day on which it agreed with the definition.
OURS = {
    "white, whole blocks": 60.46207,
    "dim, whole blocks": 39.26925,
    "white, odd sides": 63.20059,
    "dim, odd sides": 33.43585,
}


def crops() -> Mapping[str, NDArray[np.uint8]]:
    with np.load(Path(__file__).with_name("piqe_jpeg_crops.npz")) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("name", OURS)
def test_ours_is_the_definition(name: str) -> None:
    pixels = crops()[name]
    found = piqe(pixels.astype(np.float32) / np.float32(255))
    assert found == pytest.approx(slow_piqe.score(pixels.tolist()), rel=1e-8)
    assert found == pytest.approx(OURS[name], abs=1e-5)


@pytest.mark.parametrize("name", PYIQA)
def test_pyiqa_s_is_the_definition_with_two_departures(name: str) -> None:
    assert slow_piqe.score(crops()[name].tolist(), as_pyiqa=True) == pytest.approx(PYIQA[name], abs=5e-3)


def test_each_departure_matters_alone_and_only_where_it_can() -> None:
    away = {name: abs(OURS[name] - PYIQA[name]) for name in OURS}
    assert away.pop("white, whole blocks") < 1e-3
    assert min(away.values()) > 3
    found = crops()
    white = {name: bool((found[name] == 255).all(axis=2).any()) for name in found}
    whole = {name: not any(side % 16 for side in found[name].shape[:2]) for name in found}
    assert white == {name: name.startswith("white") for name in found}
    assert whole == {name: name.endswith("whole blocks") for name in found}
