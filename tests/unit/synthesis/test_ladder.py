"""Ladders: each distortion grows with its strength, keeps its pattern, and leaves little at its mildest."""

import numpy as np
import pytest

from fgresq.synthesis.ladder import DISTORTIONS, blank
from fgresq.synthesis.pictures import Picture

ALL = pytest.mark.parametrize("name", DISTORTIONS)


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@ALL
def test_range_growth_and_pattern(name: str, crops: list[Picture]) -> None:
    for crop in crops:
        steps = [DISTORTIONS[name](crop, strength, draw(3)) for strength in (0.0, 0.25, 0.5, 0.75, 1.0)]
        for step in steps:
            assert step.shape == crop.shape
            assert step.dtype == np.float32
            assert 0 <= step.min() <= step.max() <= 1
        errors = [float(np.abs(step - crop).mean(dtype=np.float64)) for step in steps]
        assert errors == sorted(errors)
        assert 0 < errors[0] < 0.06
        assert errors[-1] > 1.5 * errors[0]
        assert np.array_equal(steps[2], DISTORTIONS[name](crop, 0.5, draw(3)))


def test_blank_pictures_show_nothing_of_the_photograph(crops: list[Picture]) -> None:
    kinds = {}
    for seed in range(60):
        kind, picture = blank(crops[0], draw(seed))
        kinds[kind] = picture
        assert picture.shape == crops[0].shape
        assert picture.dtype == np.float32
        assert 0 <= picture.min() <= picture.max() <= 1
    assert set(kinds) == {"black", "white", "grey", "one-colour", "mean-colour", "white-noise", "grey-noise"}
    for kind, picture in kinds.items():
        alike = abs(np.corrcoef(picture.ravel(), crops[0].ravel())[0, 1]) if picture.std() > 1e-4 else 0.0
        assert alike < 0.5, kind
    assert np.allclose(kinds["mean-colour"].mean(axis=(0, 1)), crops[0].mean(axis=(0, 1)), atol=1e-3)
