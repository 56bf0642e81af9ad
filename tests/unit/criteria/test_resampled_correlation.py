import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.criteria import resampled_correlation
from fgresq.criteria.correlation import krcc, plcc, srcc
from fgresq.criteria.resampled_correlation import bootstrap_correlation
from fgresq.criteria.resampling import draw_contents

SCIPY = {"srcc": scipy.stats.spearmanr, "plcc": scipy.stats.pearsonr, "krcc": scipy.stats.kendalltau}
OURS = {"srcc": srcc, "plcc": plcc, "krcc": krcc}
VALUE = st.integers(-3, 3)


def by_scipy(criterion, scores, mos, contents, draw):
    """Every resample written out as rows, with what its definition says of too few or equal values."""
    names = sorted(set(contents))
    samples = np.full((draw.resamples, scores.shape[1]), math.nan)
    for r, counts in enumerate(np.concatenate(list(draw.blocks()))):
        times = dict(zip(names, counts.astype(int), strict=True))
        rows = [row for row, content in enumerate(contents) for _ in range(times[content])]
        for k in range(scores.shape[1]):
            x, y = scores[rows, k], mos[rows]
            if len(rows) >= 3 and np.ptp(x) > 0 and np.ptp(y) > 0:
                samples[r, k] = SCIPY[criterion](x, y).statistic
    return samples


def study(images, metrics, contents, seed, decimals):
    generator = np.random.default_rng(seed)
    mos = generator.normal(size=images).round(decimals)
    scores = mos[:, None] * generator.uniform(-1, 2, metrics) + generator.normal(size=(images, metrics))
    scores[:, ::2] = scores[:, ::2].round(decimals)  # some metrics with equal values, some without
    return scores, mos, [f"c{k}" for k in generator.integers(0, contents, images)]


@pytest.mark.parametrize("criterion", ["srcc", "plcc", "krcc"])
@pytest.mark.parametrize(("images", "contents", "decimals"), [(60, 7, 1), (200, 200, 0), (35, 3, 3)])
def test_every_resample_is_scipys(criterion, images, contents, decimals):
    scores, mos, of = study(images, 4, contents, images, decimals)
    draw = draw_contents(of, resamples=40, seed=1)
    found = bootstrap_correlation(scores, mos, draw, criterion)
    np.testing.assert_allclose(found.value, [SCIPY[criterion](x, mos).statistic for x in scores.T], atol=1e-12)
    np.testing.assert_allclose(found.samples, by_scipy(criterion, scores, mos, of, draw), rtol=0, atol=1e-11)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(VALUE, VALUE, VALUE, st.sampled_from("abcd")), min_size=1, max_size=14).filter(
        lambda rows: len({row[3] for row in rows}) > 1
    ),
    st.sampled_from(["srcc", "plcc", "krcc"]),
)
def test_ties_constant_and_few_images_as_in_the_definition(rows, criterion):
    scores = np.array([row[:2] for row in rows], dtype=np.float64)
    mos, of = np.array([row[2] for row in rows], dtype=np.float64), [row[3] for row in rows]
    draw = draw_contents(of, resamples=15, seed=2)
    found = bootstrap_correlation(scores, mos, draw, criterion)
    np.testing.assert_allclose(found.samples, by_scipy(criterion, scores, mos, of, draw), rtol=0, atol=1e-9)
    expected = [OURS[criterion](x, mos) for x in scores.T]
    np.testing.assert_array_equal(found.value, [math.nan if value is None else value for value in expected])


@pytest.mark.parametrize("criterion", ["srcc", "plcc", "krcc"])
def test_constant_scores_are_undefined_everywhere_not_zero(criterion):
    scores, mos, of = study(30, 2, 5, 0, 2)
    scores[:, 0] = 0.1
    found = bootstrap_correlation(scores, mos, draw_contents(of, 50), criterion)
    assert np.isnan(found.value).tolist() == [True, False]
    assert found.undefined.tolist() == [50, 0]
    low, high = found.interval()
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] < found.value[1] < high[1]


@pytest.mark.parametrize("criterion", ["srcc", "krcc", "plcc"])
def test_threads_and_blocks_do_not_change_a_bit(criterion, monkeypatch):
    scores, mos, of = study(150, 5, 12, 3, 1)
    draw = draw_contents(of, resamples=64, seed=5)
    first = bootstrap_correlation(scores, mos, draw, criterion, threads=1).samples
    np.testing.assert_array_equal(first, bootstrap_correlation(scores, mos, draw, criterion, threads=3).samples)
    monkeypatch.setattr("fgresq.criteria.resampling._BLOCK_ELEMENTS", 900)
    again = bootstrap_correlation(scores, mos, draw, criterion).samples
    np.testing.assert_allclose(first, again, rtol=0, atol=1e-14)


def test_sums_of_squares_that_lost_their_digits_are_computed_anew():
    # Two images of one content are so far out that the others differ by 1e-9 of the spread: where they aren't drawn,
    # sums of squares have no digit left.
    scores, mos, of = study(40, 2, 8, 4, 3)
    scores[0], scores[1] = 1e9, -1e9
    of[0] = of[1] = "far"
    draw = draw_contents(of, resamples=40, seed=6)
    found = bootstrap_correlation(scores, mos, draw, "plcc").samples
    np.testing.assert_allclose(found, by_scipy("plcc", scores, mos, of, draw), rtol=0, atol=1e-9)


def test_krcc_of_many_contents_is_computed_resample_by_resample(monkeypatch):
    scores, mos, of = study(60, 3, 20, 7, 1)
    draw = draw_contents(of, resamples=20, seed=8)
    quadratic = bootstrap_correlation(scores, mos, draw, "krcc").samples
    monkeypatch.setattr(resampled_correlation, "_MOST_CONTENTS", 10)
    monkeypatch.setattr(resampled_correlation, "_pair_matrices", None)
    np.testing.assert_allclose(bootstrap_correlation(scores, mos, draw, "krcc").samples, quadratic, atol=1e-12)


def test_large_contents_are_paired_in_parts():
    scores, mos, of = study(300, 1, 2, 9, 1)
    draw = draw_contents(of, resamples=10, seed=9)
    found = bootstrap_correlation(scores, mos, draw, "krcc").samples
    np.testing.assert_allclose(found, by_scipy("krcc", scores, mos, of, draw), atol=1e-12)


def test_intervals_by_content_cover_where_those_by_image_do_not():
    """Ten images a content that share most of what isn't MOS; the correlation of the model is known."""
    generator = np.random.default_rng(12)
    contents, images, trials, covered = 40, 10, 60, [0, 0]
    true = 1 / math.sqrt(1 + 1.04)  # MOS and the shift of a content have variance 1, an image's own 0.04
    for _ in range(trials):
        of = np.repeat(np.arange(contents), images)
        mos = generator.normal(size=contents)[of]
        scores = mos + generator.normal(size=contents)[of] + 0.2 * generator.normal(size=len(of))
        for kind, names in enumerate((of, np.arange(len(of)))):
            draw = draw_contents([f"{name:04}" for name in names], resamples=200, seed=0)
            low, high = bootstrap_correlation(scores[:, None], mos, draw, "plcc").interval()
            covered[kind] += low[0] <= true <= high[0]
    assert covered[0] / trials > 0.85
    assert covered[1] / trials < 0.6


def test_what_cannot_be_correlated_is_refused():
    scores, mos, of = study(10, 3, 3, 0, 2)
    draw = draw_contents(of, 5)
    scores[2:5, 1], scores[0, 2] = math.nan, math.inf
    with pytest.raises(ValueError, match="of 10 images: column 1 lacks 3, column 2 lacks 1"):
        bootstrap_correlation(scores, mos, draw)
    mos[3] = math.nan
    with pytest.raises(ValueError, match="1 of 10 MOS are NaN"):
        bootstrap_correlation(scores[:, :1], mos, draw)
    with pytest.raises(ValueError, match="9 rows of scores, 9 MOS and 10 contents"):
        bootstrap_correlation(scores[:9, :1], mos[:9], draw)
