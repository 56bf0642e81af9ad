import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fgresq.criteria.uncertainty import bootstrap_counts, percentile_interval, wilson_interval


@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 2**63 - 1))
def test_every_resample_draws_as_many_contents_as_there_are(clusters, resamples, seed):
    counts = bootstrap_counts(clusters, resamples, seed)
    assert counts.shape == (resamples, clusters)
    assert (counts >= 0).all()
    assert (counts.sum(axis=1) == clusters).all()


def test_the_seed_decides_the_draw():
    first = bootstrap_counts(20, 50, seed=3)
    np.testing.assert_array_equal(first, bootstrap_counts(20, 50, seed=3))
    assert (first != bootstrap_counts(20, 50, seed=4)).any()


def test_counts_have_the_moments_of_a_multinomial():
    n, resamples = 10, 20_000
    counts = bootstrap_counts(n, resamples, seed=0)
    # Mean 1 and variance 1 - 1/n for each content; correlation -1/(n - 1) between two. Bands of five standard errors.
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=5 * np.sqrt(0.9 / resamples))
    np.testing.assert_allclose(counts.var(axis=0), 1 - 1 / n, atol=0.06)
    between = np.corrcoef(counts, rowvar=False)[np.triu_indices(n, 1)]
    np.testing.assert_allclose(between, -1 / (n - 1), atol=5 / np.sqrt(resamples))


@pytest.mark.parametrize("clusters", [1, 0, -3])
def test_one_content_is_refused(clusters):
    with pytest.raises(ValueError, match="at least 2 contents"):
        bootstrap_counts(clusters, 100, seed=0)


def test_no_resamples_are_refused():
    with pytest.raises(ValueError, match="resamples must be at least 1"):
        bootstrap_counts(5, 0, seed=0)


def test_percentiles_of_an_even_grid():
    low, high = percentile_interval(np.linspace(0.0, 100.0, 1001)[::-1].copy(), 0.95)
    assert float(low) == pytest.approx(2.5)
    assert float(high) == pytest.approx(97.5)
    assert low.shape == high.shape == ()


def test_each_column_has_its_own_interval():
    samples = np.random.default_rng(0).normal(size=(200, 3, 2)) * np.arange(1, 7).reshape(3, 2)
    low, high = percentile_interval(samples, 0.8)
    assert low.shape == high.shape == (3, 2)
    alone = percentile_interval(samples[:, 2, 1].copy(), 0.8)
    assert (float(low[2, 1]), float(high[2, 1])) == tuple(map(float, alone))


@settings(max_examples=50)
@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e6, 1e6)), st.floats(0.01, 0.99))
def test_the_ends_are_ordered_inside_the_samples_and_widen_with_confidence(samples, confidence):
    low, high = percentile_interval(samples, confidence)
    wider_low, wider_high = percentile_interval(samples, (1 + confidence) / 2)
    slack = 1e-9 * (1 + np.abs(samples).max())
    assert samples.min() - slack <= wider_low <= low + slack
    assert high - slack <= wider_high <= samples.max() + slack
    assert low <= high + slack


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_unusable_resample_is_an_error(bad):
    samples = np.ones((50, 4))
    samples[17, 2] = bad
    with pytest.raises(ValueError, match="1 of 200 bootstrap values are NaN or infinite"):
        percentile_interval(samples)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, 95.0, np.nan])
def test_a_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence must be above 0 and below 1"):
        percentile_interval(np.arange(10.0), confidence)


@pytest.mark.parametrize("resamples", [0, 1])
def test_too_few_resamples_are_refused(resamples):
    with pytest.raises(ValueError, match="at least 2 resamples"):
        percentile_interval(np.ones((resamples, 3)))


def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says():
    # 800 data sets of 40 contents from a skewed distribution. The percentile interval is a little short for so few
    # contents (about 93 %); the standard error of the simulation is 0.9 points. Stated band: 90 % to 97 %.
    contents, trials, mean = 40, 800, 2.0
    data = np.random.default_rng(11).gamma(mean, size=(contents, trials))
    counts = bootstrap_counts(contents, 600, seed=5)
    low, high = percentile_interval(counts @ data / contents)
    covered = np.mean((low <= mean) & (mean <= high))
    assert 0.90 <= covered <= 0.97


def test_drawing_contents_whole_covers_where_drawing_images_does_not():
    # Ten images of each content share most of their variance. By content, 95 % intervals cover the true mean;
    # taking each image for a content of its own they cover it much less often.
    generator = np.random.default_rng(21)
    contents, images, trials = 40, 10, 300
    shared = generator.normal(size=(contents, 1, trials))
    data = shared + 0.5 * generator.normal(size=(contents, images, trials))
    by_content = percentile_interval(bootstrap_counts(contents, 400, seed=1) @ data.mean(axis=1) / contents)
    flat = data.reshape(contents * images, trials)
    by_image = percentile_interval(bootstrap_counts(len(flat), 400, seed=1) @ flat / len(flat))
    covered = [np.mean((low <= 0) & (high >= 0)) for low, high in (by_content, by_image)]
    assert covered[0] > 0.88
    assert covered[1] < 0.70


@settings(max_examples=60)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_is_scipys(counts, confidence):
    low, high = wilson_interval(float(counts[0]), counts[1], confidence)
    expected = scipy.stats.binomtest(*counts).proportion_ci(confidence, method="wilson")
    assert (low, high) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12))


def test_wilson_with_a_published_example():
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I: 81 of 263 and 1 of 29.
    assert wilson_interval(81.0, 263) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert wilson_interval(1.0, 29) == (pytest.approx(0.0061, abs=5e-5), pytest.approx(0.1718, abs=5e-5))


@pytest.mark.parametrize(("successes", "trials"), [(1.0, 0), (-0.5, 3), (4.0, 3), (np.nan, 3)])
def test_wilson_of_counts_that_cannot_be(successes, trials):
    with pytest.raises(ValueError, match="successes must be"):
        wilson_interval(successes, trials)
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval(1.0, 2, 1.0)
