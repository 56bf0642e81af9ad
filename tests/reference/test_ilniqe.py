"""Every part of IL-NIQE against the same, written slowly and apart from it."""

import numpy as np
import pytest
from scipy.stats import weibull_min
from tests.reference import slow_ilniqe as slow
from tests.reference.test_natural_scenes import crop, unit, with_flat_parts
from tests.unit.metrics.pictures import write_template

from fgresq.metrics.ilniqe import ilniqe
from fgresq.metrics.natural_scenes.enriched.features import enriched_features
from fgresq.metrics.natural_scenes.enriched.gradients import gradient
from fgresq.metrics.natural_scenes.enriched.log_gabor import log_gabor_responses
from fgresq.metrics.natural_scenes.enriched.model import read_template_model
from fgresq.metrics.natural_scenes.enriched.resizing import resized
from fgresq.metrics.natural_scenes.enriched.weibull import weibull_fit

GENERATOR = np.random.default_rng(20261124)


@pytest.mark.parametrize(("height", "width", "side"), [(37, 41, 53), (41, 37, 53), (101, 37, 53), (61, 97, 29)])
def test_resized(height, width, side):
    levels = GENERATOR.integers(0, 256, (height, width, 3)).astype(float)
    found = resized(levels, side)
    assert found.shape == (side, side, 3)
    for colour in range(3):
        assert np.array_equal(found[:, :, colour], slow.resized(levels[:, :, colour], side))


def test_resized_keeps_what_is_flat_and_what_fits():
    assert np.array_equal(resized(np.full((30, 700, 3), 77.0), 524), np.full((524, 524, 3), 77.0))
    levels = GENERATOR.integers(0, 256, (64, 64, 3)).astype(float)
    assert np.array_equal(resized(levels, 64), levels)


@pytest.mark.parametrize(("height", "width"), [(12, 20), (9, 14)])
def test_log_gabor_responses(height, width):
    plane = GENERATOR.normal(100, 30, (height, width))
    expected = slow.responses(plane, 2.4)
    found = list(log_gabor_responses(plane, 2.4))
    assert len(found) == len(expected) == 12
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-9)
        assert np.abs(ours).max() > 1


def test_gradient():
    plane = GENERATOR.integers(0, 256, (20, 30)).astype(float)
    found = gradient(plane, 1.66)
    for ours, theirs in zip(found, slow.slopes(plane, 1.66), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)
    assert found.magnitude() == pytest.approx(np.hypot(*found), abs=1e-9)
    lines = np.repeat(GENERATOR.normal(100, 30, (40, 1)), 50, axis=1)
    assert not gradient(lines, 1.37).across[:, 5:-5].any()  # exactly; at the border the zeros beyond it show
    assert not gradient(np.ascontiguousarray(lines.T), 1.66).down[5:-5].any()
    assert gradient(lines, 1.37).down.all()


def test_weibull_fit():
    blocks = np.stack(
        [scale * GENERATOR.weibull(shape, 4000) for scale, shape in ((2, 0.4), (30, 1), (0.1, 3), (9, 12))]
    )
    scales, shapes = weibull_fit(blocks + 1e-12)
    for block, scale, shape in zip(blocks, scales, shapes, strict=True):
        assert (scale, shape) == pytest.approx(slow.weibull(block + 1e-12), rel=1e-9)
        by_scipy, _, scale_by_scipy = weibull_min.fit(block, floc=0)
        assert (scale, shape) == pytest.approx((scale_by_scipy, by_scipy), rel=1e-3)


def test_weibull_fit_of_values_near_and_far():
    # Mostly the least number that there is, as in a picture flat but for an edge; and a block of one value.
    edge = np.full(500, 2.2e-16)
    edge[:7] = np.linspace(1, 50, 7)
    scales, shapes = weibull_fit(np.stack([edge, np.full(500, 3.5)]))
    assert (scales[0], shapes[0]) == pytest.approx(slow.weibull(edge), rel=1e-7)
    assert np.isnan(shapes[1])


@pytest.mark.parametrize("kind", ["photograph", "flat parts", "flat block"])
def test_block_features(kind):
    levels = crop(100, 200, 84, 168).astype(float)
    if kind == "flat parts":
        levels = with_flat_parts(levels)
    if kind == "flat block":
        levels[:, :100] = (90, 120, 33)
    found, expected = enriched_features(levels), np.array(slow.block_features(levels))
    assert found.shape == expected.shape == (2, 468)
    # Shapes lie on a grid of 0.001, and a rounding error may move one to the next.
    assert found == pytest.approx(expected, rel=2e-3, abs=1e-3, nan_ok=True)
    near = np.isclose(found, expected, rtol=1e-5, atol=1e-7, equal_nan=True)
    assert near.mean() > 0.98
    assert np.isnan(found).any(axis=1).tolist() == [kind == "flat block", False]


def test_the_distance(tmp_path):
    numbers = write_template(tmp_path)
    features = GENERATOR.normal(1, 0.3, (9, 468))
    features[4, 7] = np.nan
    found = read_template_model(tmp_path / "templateModel.mat").distances(features)
    assert found == pytest.approx(slow.distances(features, *numbers))
    assert found[4] < found.max()
    alone = read_template_model(tmp_path / "templateModel.mat").distances(features[3:5])
    assert alone == pytest.approx(slow.distances(features[3:5], *numbers))
    assert alone[0] == alone[1]


def test_every_pixel_of_a_block_counts(tmp_path):
    write_template(tmp_path)
    model = read_template_model(tmp_path / "templateModel.mat")
    picture = unit(crop(0, 0, 300, 400))
    score = ilniqe(picture, model)
    picture[150, 200] = 1 - picture[150, 200]
    assert ilniqe(picture, model) != score
