import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fgresq.criteria.uncertainty import bootstrap_counts
from fgresq.curation.jnd.model import jnd_map
from fgresq.curation.jnd.noise import JndNoise, add_jnd_noise
from fgresq.curation.jnd.threshold import jnd_threshold, median_interval, read_threshold, write_threshold
from fgresq.errors import UserError
from fgresq.metrics.ssim import ssim
from fgresq.workers import processes


@pytest.fixture
def images(photographs, tmp_path) -> list[Path]:
    """Nine crops of photographs."""
    paths = []
    for name, path in photographs.items():
        for number, corner in enumerate((0, 100, 200)):
            paths.append(tmp_path / f"{name}-{number}.png")
            Image.open(path).crop((corner, corner, corner + 70, corner + 64)).save(paths[-1])
    return paths


def test_it_is_the_median_of_what_each_image_gives(images):
    threshold = jnd_threshold(images)
    expected = []
    for path in sorted(images):
        image = np.asarray(Image.open(path)) / 255
        expected.append(ssim(image, add_jnd_noise(image, jnd_map(image), JndNoise(), np.random.default_rng())))
    assert [Path(image.path) for image in threshold.images] == sorted(images)
    np.testing.assert_allclose([image.ssim for image in threshold.images], expected, rtol=0, atol=1e-5)
    assert threshold.ssim == pytest.approx(np.median(expected), abs=1e-5)
    low, high = threshold.interval
    assert min(expected) - 1e-5 <= low < threshold.ssim < high <= max(expected) + 1e-5


def test_the_seed_decides_and_nothing_else(images):
    noise = JndNoise(gain=0.7, sign="random")
    first = jnd_threshold(images, wanted=5, seed=3, noise=noise)
    assert len(first.images) == 5
    assert jnd_threshold(images[::-1] + images[:2], wanted=5, seed=3, noise=noise) == first
    other = jnd_threshold(images, wanted=5, seed=4, noise=noise)
    assert [image.path for image in other.images] != [image.path for image in first.images]
    with processes(2) as spread:
        assert jnd_threshold(images, wanted=5, seed=3, noise=noise, map=spread) == first


def test_noise_without_gain_changes_nothing(images):
    threshold = jnd_threshold(images[:3], noise=JndNoise(gain=0, sign="random"))
    assert threshold.ssim == 1.0
    assert threshold.interval == (1.0, 1.0)


def test_more_noise_is_less_alike(images):
    gains = [jnd_threshold(images, noise=JndNoise(gain=gain)).ssim for gain in (0.5, 1, 2)]
    assert gains[0] > gains[1] > gains[2]
    assert jnd_threshold(images, noise=JndNoise(sign="random")).ssim < gains[1]


def test_matlab_downsampling_is_another_measure(photographs):
    paths, noise = list(photographs.values()), JndNoise(sign="random")
    assert jnd_threshold(paths, noise=noise, matlab_downsampling=True).ssim > jnd_threshold(paths, noise=noise).ssim


def test_bad_images_are_named_and_stay_in_the_list(images, tmp_path):
    cut, small = tmp_path / "cut.png", tmp_path / "small.png"
    cut.write_bytes(images[0].read_bytes()[:500])
    Image.new("L", (9, 30)).save(small)
    done = []
    threshold = jnd_threshold([*images, cut, small], progress=done.append)
    assert {Path(image.path).name for image in threshold.failed} == {"cut.png", "small.png"}
    for image in threshold.failed:
        assert Path(image.path).name in image.failure
    assert len(threshold.images) == sum(done) == 11
    assert threshold.ssim == jnd_threshold(images).ssim


def test_nothing_to_measure(images, tmp_path):
    with pytest.raises(UserError, match="at least one image; 0 were found"):
        jnd_threshold([])
    with pytest.raises(UserError, match=r"none of the 1 images could be used.*absent\.png: no such file"):
        jnd_threshold([tmp_path / "absent.png"])


def test_one_image_has_no_interval(images):
    assert jnd_threshold(images[:1]).interval is None


def test_the_interval_is_that_of_medians_of_drawn_images():
    values = np.sort(np.random.default_rng(0).normal(size=37))
    seeds = np.random.SeedSequence(5).generate_state(4, np.uint64).tolist()
    drawn = np.concatenate([bootstrap_counts(37, 50, seed) for seed in seeds])[:180]
    medians = [np.median(np.repeat(values, counts)) for counts in drawn]
    expected = np.quantile(medians, [0.05, 0.95])
    np.testing.assert_allclose(
        median_interval(values[::-1].copy(), 5, resamples=180, confidence=0.9), expected, rtol=1e-12
    )
    even = values[:-1]
    drawn = bootstrap_counts(36, 50, np.random.SeedSequence(5).generate_state(1, np.uint64).tolist()[0])
    medians = [np.median(np.repeat(even, counts)) for counts in drawn]
    np.testing.assert_allclose(median_interval(even, 5, 50), np.quantile(medians, [0.025, 0.975]), rtol=1e-12)


def test_the_interval_covers_the_median_about_as_often_as_it_says():
    # 300 samples of 41 from a skewed distribution; the simulation's standard error is 1.3 points.
    data = np.random.default_rng(7).exponential(size=(300, 41))
    ends = np.array([median_interval(sample, seed=1, resamples=400) for sample in data])
    covered = np.mean((ends[:, 0] <= np.log(2)) & (np.log(2) <= ends[:, 1]))
    assert 0.90 <= covered <= 0.985


def test_it_is_read_as_it_was_written(images, tmp_path):
    threshold = jnd_threshold(images, wanted=4, seed=2, noise=JndNoise(gain=0.7, sign="random"))
    write_threshold(tmp_path / "threshold.json", threshold)
    assert read_threshold(tmp_path / "threshold.json") == threshold
    document = json.loads((tmp_path / "threshold.json").read_text())
    assert document["seed"] == 2
    assert document["noise"] == {"gain": 0.7, "sign": "random"}
    assert len(document["images"]) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "Invalid JSON"), ('{"ssim": 1}', "Field required"), ('{"ssim": "much"}', "ssim: Input should be a valid")],
)
def test_what_is_no_threshold(tmp_path, content, message):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(UserError, match=rf"other.json: isn't a threshold .*{message}"):
        read_threshold(path)
    with pytest.raises(UserError, match=r"absent.json: can't be read \(No such file"):
        read_threshold(tmp_path / "absent.json")


@pytest.mark.shared
def test_forty_photographs(shared):
    paths = sorted((shared / "data" / "bsds500" / "test").glob("*.jpg"))[:40]
    with processes(2) as spread:
        threshold = jnd_threshold(paths, map=spread)
    assert not threshold.failed
    low, high = threshold.interval
    assert 0.96 < low < threshold.ssim < high < 0.995
