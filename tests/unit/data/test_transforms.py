import numpy as np
import pytest
from pydantic import ValidationError

from fgresq.data.transforms import Augmentation, View, centre
from fgresq.images.preprocessing import Preprocessing

SMALL = Preprocessing(resize=12, crop=8)


def test_a_view_cuts_and_mirrors():
    picture = np.arange(6 * 6 * 3, dtype=np.uint8).reshape(6, 6, 3)
    np.testing.assert_array_equal(View(1, 2, 3).of(picture), picture[1:4, 2:5])
    np.testing.assert_array_equal(View(1, 2, 3, mirrored=True).of(picture), picture[1:4, [4, 3, 2]])
    picture_part = View(0, 0, 6).of(picture)
    assert picture_part.flags.c_contiguous


@pytest.mark.parametrize("preprocessing", [Preprocessing(), Preprocessing(resize=33, crop=20)])
def test_the_centre_of_a_resized_picture_is_the_preprocessing_of_the_original(preprocessing):
    picture = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)
    whole = Preprocessing(resize=preprocessing.resize, crop=preprocessing.resize)
    np.testing.assert_array_equal(centre(preprocessing).of(whole(picture)), preprocessing(picture))


def test_a_draw_depends_on_everything_that_names_it_and_on_nothing_else():
    augmentation = Augmentation(seed=1)
    view = augmentation.view(Preprocessing(), 0, 3, 17)
    augmentation.view(Preprocessing(), 0, 3, 18)
    assert augmentation.view(Preprocessing(), 0, 3, 17) == view
    others = [
        augmentation.view(Preprocessing(), 1, 3, 17),
        augmentation.view(Preprocessing(), 0, 4, 17),
        augmentation.view(Preprocessing(), 0, 3, 18),
        Augmentation(seed=2).view(Preprocessing(), 0, 3, 17),
    ]
    assert view not in others


def test_all_places_are_drawn_alike_and_half_are_mirrored():
    views = [Augmentation().view(SMALL, 0, 0, index) for index in range(3000)]
    corners = {(view.top, view.left) for view in views}
    assert corners == {(top, left) for top in range(5) for left in range(5)}
    for axis in ("top", "left"):
        counts = np.bincount([getattr(view, axis) for view in views])
        assert counts.min() > 600 - 5 * np.sqrt(3000 * 0.2 * 0.8)
    assert np.mean([view.mirrored for view in views]) == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(3000))


def test_mirroring_can_be_switched_off_and_forced():
    assert not any(Augmentation(mirror=0).view(SMALL, 0, 0, index).mirrored for index in range(50))
    assert all(Augmentation(mirror=1).view(SMALL, 0, 0, index).mirrored for index in range(50))


def test_without_room_the_crop_is_the_picture():
    view = Augmentation(mirror=0).view(Preprocessing(resize=8, crop=8), 0, 0, 0)
    assert view == View(0, 0, 8)


def test_settings_are_checked():
    with pytest.raises(ValidationError):
        Augmentation(mirror=1.5)
    with pytest.raises(ValidationError):
        Augmentation(seed=-1)
