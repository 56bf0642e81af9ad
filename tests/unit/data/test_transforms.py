import numpy as np
import pytest
from pydantic import ValidationError

from fgresq.data.transforms import Augmentation, View
from fgresq.images.preprocessing import Fragments, Preprocessing, Resized

SMALL = Resized(resize=12, crop=8)


def test_a_view_cuts_and_mirrors():
    picture = np.arange(6 * 6 * 3, dtype=np.uint8).reshape(6, 6, 3)
    whole = np.repeat(np.repeat(picture, 3, axis=0), 3, axis=1)
    small = Resized(resize=18, crop=8)
    np.testing.assert_array_equal(View(small, ((0.2, 0.5),)).of(whole), whole[2:10, 5:13])
    mirrored = View(small, ((0.2, 0.5),), mirrored=True).of(whole)
    np.testing.assert_array_equal(mirrored, whole[2:10, 5:13][:, ::-1])
    assert mirrored.flags.c_contiguous


@pytest.mark.parametrize("preprocessing", [Resized(), Resized(resize=33, crop=20), Fragments(grid=3, patch=16)])
def test_the_centre_of_a_resized_picture_is_the_preprocessing_of_the_original(preprocessing: Preprocessing):
    picture = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)
    whole = preprocessing.whole(picture)
    np.testing.assert_array_equal(View(preprocessing).of(whole), preprocessing(picture))


def test_a_draw_depends_on_everything_that_names_it_and_on_nothing_else():
    augmentation = Augmentation(seed=1)
    view = augmentation.view(Resized(), 0, 3, 17)
    augmentation.view(Resized(), 0, 3, 18)
    assert augmentation.view(Resized(), 0, 3, 17) == view
    others = [
        augmentation.view(Resized(), 1, 3, 17),
        augmentation.view(Resized(), 0, 4, 17),
        augmentation.view(Resized(), 0, 3, 18),
        Augmentation(seed=2).view(Resized(), 0, 3, 17),
    ]
    assert view not in others


def test_all_places_are_drawn_alike_and_half_are_mirrored():
    views = [Augmentation().view(SMALL, 0, 0, index) for index in range(3000)]
    corners = np.array([SMALL.corners(12, 12, view.places)[0] for view in views])
    assert {tuple(corner) for corner in corners.tolist()} == {(top, left) for top in range(5) for left in range(5)}
    for axis in (0, 1):
        counts = np.bincount(corners[:, axis])
        assert counts.min() > 600 - 5 * np.sqrt(3000 * 0.2 * 0.8)
    assert np.mean([view.mirrored for view in views]) == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(3000))


def test_mirroring_can_be_switched_off_and_forced():
    assert not any(Augmentation(mirror=0).view(SMALL, 0, 0, index).mirrored for index in range(50))
    assert all(Augmentation(mirror=1).view(SMALL, 0, 0, index).mirrored for index in range(50))


def test_without_room_the_crop_is_the_picture():
    picture = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    view = Augmentation(mirror=0).view(Resized(resize=8, crop=8), 0, 0, 0)
    np.testing.assert_array_equal(view.of(picture), picture)


def test_every_patch_is_drawn_in_its_own_cell():
    preprocessing = Fragments(grid=2, patch=16)
    views = [Augmentation().view(preprocessing, 0, 0, index) for index in range(300)]
    corners = np.array([preprocessing.corners(112, 96, view.places) for view in views])
    assert corners.shape == (300, 4, 2)
    assert (corners % 8 == 0).all()
    for cell, (tops, lefts) in enumerate(
        [((0, 48), (0, 40)), ((0, 48), (40, 80)), ((48, 96), (0, 40)), ((48, 96), (40, 80))]
    ):
        assert (corners[:, cell, 0].min(), corners[:, cell, 0].max()) == tops
        assert (corners[:, cell, 1].min(), corners[:, cell, 1].max()) == lefts


def test_settings_are_checked():
    with pytest.raises(ValidationError):
        Augmentation(mirror=1.5)
    with pytest.raises(ValidationError):
        Augmentation(seed=-1)


def test_pictures_are_scaled_for_fragments_alike_in_both_directions():
    fragments = Fragments(grid=2, patch=16)
    views = [Augmentation(largest_scale=2).view(fragments, 0, 0, index) for index in range(400)]
    scales = np.log2([view.scale for view in views])
    assert -1 <= scales.min() < -0.9
    assert 0.9 < scales.max() <= 1
    assert scales.mean() == pytest.approx(0, abs=5 / np.sqrt(3 * 400))
    assert {Augmentation(largest_scale=2).view(SMALL, 0, 0, index).scale for index in range(9)} == {1.0}
    picture = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)
    for view in views[:20]:
        assert view.of(picture).shape == (32, 32, 3)
    tiny = View(fragments, views[0].places, scale=0.5).of(picture[:20, :20])
    assert tiny.shape == (32, 32, 3)


def test_a_scaled_view_shows_the_same_place():
    ramp = np.repeat(np.arange(240, dtype=np.uint8)[:, None, None], 3, axis=2).repeat(240, axis=1)
    fragments = Fragments(grid=1, patch=16)
    for scale in (0.5, 1.0, 2.0):
        seen = View(fragments, ((0.5, 0.5),), scale=scale).of(ramp)
        assert seen.mean() == pytest.approx(119.5, abs=16)


def test_fewer_fragments_may_be_drawn_than_are_scored():
    view = Augmentation(grid=2).view(Fragments(grid=4, patch=16), 0, 0, 0)
    assert view.of(np.zeros((100, 100, 3), np.uint8)).shape == (32, 32, 3)
