import numpy as np
import pytest
from pydantic import ValidationError

from fgresq.curation.jnd.model import jnd_map
from fgresq.curation.jnd.noise import JndNoise, NoiseSign, add_jnd_noise
from fgresq.metrics.ssim import ssim


@pytest.fixture
def picture():
    return np.random.default_rng(0).uniform(0.3, 0.7, (32, 40, 3)).astype(np.float32)


def generator(seed=0):
    return np.random.default_rng(seed)


def test_the_default_is_the_equation_as_printed(picture):
    jnd = jnd_map(picture)
    noised = add_jnd_noise(picture, jnd, JndNoise(), generator())
    np.testing.assert_allclose(noised, picture + jnd[..., None], rtol=0, atol=1e-6)


@pytest.mark.parametrize("sign", NoiseSign)
def test_no_gain_leaves_the_image(picture, sign):
    noised = add_jnd_noise(picture, jnd_map(picture), JndNoise(gain=0, sign=sign), generator())
    np.testing.assert_array_equal(noised, picture)
    assert ssim(picture, noised) == 1.0


@pytest.mark.parametrize("gain", [0.7, 1.0])
def test_random_signs_are_balanced_and_shared_by_the_channels(picture, gain):
    jnd = jnd_map(picture)
    noised = add_jnd_noise(picture, jnd, JndNoise(gain=gain, sign=NoiseSign.RANDOM), generator())
    steps = (noised.astype(np.float64) - picture) / (gain * jnd)[..., None]
    np.testing.assert_allclose(np.abs(steps), 1, rtol=0, atol=1e-3)
    signs = np.sign(steps)
    np.testing.assert_array_equal(signs.min(axis=-1), signs.max(axis=-1))
    assert abs(signs[..., 0].mean()) < 5 / np.sqrt(jnd.size)


def test_minus_is_the_other_way(picture):
    jnd = jnd_map(picture)
    up, down = (add_jnd_noise(picture, jnd, JndNoise(sign=sign), generator()) for sign in ("plus", "minus"))
    np.testing.assert_allclose(up - picture, picture - down, rtol=0, atol=1e-6)
    assert (up > picture).all()


def test_the_seed_decides_the_signs(picture):
    jnd, noise = jnd_map(picture), JndNoise(sign="random")
    first = add_jnd_noise(picture, jnd, noise, generator(1))
    np.testing.assert_array_equal(first, add_jnd_noise(picture, jnd, noise, generator(1)))
    assert (first != add_jnd_noise(picture, jnd, noise, generator(2))).any()


def test_the_result_stays_a_picture_and_the_map_is_left_alone():
    picture = np.full((16, 16), 1.0)
    jnd = jnd_map(picture)
    before = jnd.copy()
    assert add_jnd_noise(picture, jnd, JndNoise(sign="random"), generator()).max() == 1.0
    np.testing.assert_array_equal(jnd, before)
    np.testing.assert_array_equal(add_jnd_noise(picture, jnd, JndNoise(), generator()), picture)


@pytest.mark.parametrize("settings", [{"gain": -1}, {"gain": np.inf}, {"sign": "up"}, {"amplitude": 1}])
def test_settings_that_make_no_sense(settings):
    with pytest.raises(ValidationError):
        JndNoise(**settings)
