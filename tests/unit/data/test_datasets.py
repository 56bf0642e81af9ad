import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from tests.unit.data.manifests import DEBLUR, DENOISE, SR, two_sources, write_pictures
from torch._utils import ExceptionWrapper
from torch.utils.data import DataLoader

from fgresq.data.batches import as_unit_range, collate_images, collate_pairs
from fgresq.data.datasets import TASKS, JudgedPairs, ScoredImages, source_names
from fgresq.data.pictures import Pictures
from fgresq.data.samplers import SceneBatches
from fgresq.data.transforms import Augmentation
from fgresq.errors import UserError
from fgresq.images.decode import decode
from fgresq.images.preprocessing import Resized
from fgresq.manifest import Manifest
from fgresq.records import Preference

SMALL = Resized(resize=24, crop=16)
# From Python 3.12 on, a loader's processes are warned of when the parent has threads, as PyTorch's always has.
FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    manifest = two_sources(tmp_path_factory.mktemp("pictures"))
    write_pictures(manifest)
    return manifest


@pytest.fixture(scope="module")
def pictures(manifest):
    pictures = Pictures(manifest, SMALL)
    pictures.preload(image.image_id for image in manifest.images)
    return pictures


def changed(manifest, number, **fields):
    images = list(manifest.images)
    images[number] = replace(images[number], **fields)
    return Manifest(manifest.root, tuple(images), manifest.pairs, {})


def test_numbers_and_labels_of_an_image(manifest, pictures):
    assert source_names(manifest) == ("one", "two")
    images = ScoredImages(manifest, pictures)
    assert len(images) == len(manifest.images) == len(images.sources) == len(images.tasks)
    sample = images[20]
    record = manifest.images[20]
    assert (sample.image_id, sample.mos, sample.source) == (record.image_id, record.mos, 1)
    assert TASKS[sample.task] is record.task is DEBLUR


def test_evaluation_sees_what_scoring_sees(manifest, pictures):
    sample = ScoredImages(manifest, pictures)[3]
    expected = SMALL(decode(manifest.path_of(manifest.images[3])))
    assert sample.image.dtype == torch.uint8
    np.testing.assert_array_equal(sample.image.permute(1, 2, 0).numpy(), expected)


def test_images_without_mos_are_left_out_unless_wanted(manifest, pictures):
    some = changed(manifest, 0, mos=None)
    assert len(ScoredImages(some, pictures)) == len(manifest.images) - 1
    everything = ScoredImages(some, pictures, unscored=True)
    assert len(everything) == len(manifest.images)
    assert math.isnan(everything[0].mos)
    with pytest.raises(UserError, match="none of 1 images has a MOS"):
        ScoredImages(some, pictures, image_ids=[some.images[0].image_id])


def test_a_side_of_a_split_keeps_the_numbers_of_the_sources(manifest, pictures):
    ids = [image.image_id for image in manifest.images if image.source == "two"]
    images = ScoredImages(manifest, pictures, image_ids=ids)
    assert set(images.sources) == {"two"}
    assert images[0].source == 1


def test_judged_pairs(manifest, pictures):
    unjudged = tuple(replace(pair, preference=None) if n == 1 else pair for n, pair in enumerate(manifest.pairs))
    pairs = JudgedPairs(Manifest(manifest.root, manifest.images, unjudged, {}), pictures, pairs=[0, 1, 2, 3])
    assert len(pairs) == 3
    assert [pairs[n].preference for n in range(3)] == [1, 2, 1]  # A better, equal, A better
    assert pairs.pairs[0].preference is Preference.A
    sample, record = pairs[1], manifest.pairs[2]
    assert (sample.image_a, sample.image_b) == (record.image_a, record.image_b)
    mos = {image.image_id: image.mos for image in manifest.images}
    assert (sample.mos_a, sample.mos_b) == (mos[record.image_a], mos[record.image_b])
    assert set(pairs.image_ids) == {i for p in pairs.pairs for i in (p.image_a, p.image_b)}
    with pytest.raises(UserError, match="none of 1 pairs is judged"):
        JudgedPairs(Manifest(manifest.root, manifest.images, unjudged, {}), pictures, pairs=[1])


def test_both_images_of_a_pair_show_the_same_place(manifest, pictures, tmp_path):
    # Every picture of the pair holds its own coordinates, so equal views give equal pixels.
    rows, columns = np.indices((24, 24), dtype=np.uint8)
    coordinates = Image.fromarray(np.stack([rows, columns, rows], axis=-1))
    for image in manifest.images:
        coordinates.save(tmp_path / image.path)
    here = Manifest(tmp_path, manifest.images, manifest.pairs, {})
    pairs = JudgedPairs(here, Pictures(here, SMALL), augmentation=Augmentation(seed=4))
    samples = [pairs[epoch, 0] for epoch in range(20)]
    assert all(torch.equal(sample.a, sample.b) for sample in samples)
    assert len({(int(sample.a[0].min()), int(sample.a[1].min())) for sample in samples}) > 10
    mirrored = [bool(sample.a[1, 0, 0] > sample.a[1, 0, -1]) for sample in samples]
    assert any(mirrored)
    assert not all(mirrored)


def test_an_augmented_sample_is_a_function_of_epoch_and_index(manifest, pictures):
    images = ScoredImages(manifest, pictures, augmentation=Augmentation(seed=4))
    first = images[2, 5].image
    assert torch.equal(images[2, 5].image, first)
    assert not torch.equal(images[3, 5].image, first)
    with pytest.raises(ValueError, match="indexed by"):
        images[5]


def test_images_and_pairs_are_not_cut_alike(manifest, pictures):
    augmentation = Augmentation(seed=4)
    images = ScoredImages(manifest, pictures, augmentation=augmentation)
    pairs = JudgedPairs(manifest, pictures, augmentation=augmentation)
    assert manifest.pairs[0].image_a == manifest.images[0].image_id
    assert any(not torch.equal(images[epoch, 0].image, pairs[epoch, 0].a) for epoch in range(3))


@FORKS
@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # says torch where there are fewer cores
@pytest.mark.parametrize("workers", [0, 2])
def test_the_number_of_workers_changes_nothing(manifest, pictures, workers):
    images = ScoredImages(manifest, pictures, augmentation=Augmentation(seed=9))
    sampler = SceneBatches(images.sources, 8, seed=9)
    loader = DataLoader(images, batch_sampler=sampler, collate_fn=collate_images, num_workers=workers)
    for epoch in (0, 1):
        sampler.start_at(epoch)
        batches = list(loader)
        assert len(batches) == len(sampler)
        for batch, keys in zip(batches, sampler, strict=True):
            expected = collate_images([images[key] for key in keys])
            assert batch.image_ids == expected.image_ids
            assert torch.equal(batch.images, expected.images)
            assert len(batch.sources.unique()) == 1


def test_a_damaged_file_keeps_its_error_through_a_worker(manifest, tmp_path):
    here = Manifest(tmp_path, manifest.images, manifest.pairs, {})
    write_pictures(here)
    here.path_of(here.images[0]).write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"c0-SuperResolution-0\.png: isn't an image") as caught:
        ScoredImages(here, Pictures(here, SMALL))[0]
    # What a loader's process does with an error; a real one would take five seconds to end after it.
    sent = ExceptionWrapper((type(caught.value), caught.value, None))
    with pytest.raises(UserError, match=r"c0-SuperResolution-0\.png: isn't an image"):
        sent.reraise()


def test_collated_images(manifest, pictures):
    images = ScoredImages(changed(manifest, 1, mos=None), pictures, unscored=True)
    batch = collate_images([images[0], images[1], images[30]])
    assert batch.images.shape == (3, 3, 16, 16)
    assert batch.images.dtype == torch.uint8
    assert batch.mos.dtype == torch.float64
    assert torch.isnan(batch.mos).tolist() == [False, True, False]
    assert batch.sources.tolist() == [0, 0, 1]
    assert [TASKS[number] for number in batch.tasks] == [SR, SR, manifest.images[30].task]
    assert manifest.images[30].task in (DEBLUR, DENOISE)
    assert batch.image_ids == tuple(manifest.images[n].image_id for n in (0, 1, 30))


def test_close_opinions_do_not_become_ties(manifest, pictures):
    close = changed(changed(manifest, 0, mos=1520.00001), 1, mos=1520.0)
    images = ScoredImages(close, pictures)
    batch = collate_images([images[0], images[1]])
    assert batch.mos[0] > batch.mos[1]


def test_pictures_of_both_depths_are_stacked_in_one_range(manifest, tmp_path):
    here = Manifest(tmp_path, manifest.images, manifest.pairs, {})
    write_pictures(here)
    deep = np.full((30, 40), 32768, dtype=np.uint16)
    Image.fromarray(deep).save(here.path_of(here.images[1]))
    Image.fromarray(np.full((30, 40), 51, dtype=np.uint8)).save(here.path_of(here.images[0]))
    images = ScoredImages(here, Pictures(here, SMALL))
    batch = collate_images([images[0], images[1]])
    assert batch.images[0].unique().item() == pytest.approx(0.2)
    assert batch.images[1].unique().item() == pytest.approx(32768 / 65535)
    pairs = JudgedPairs(here, Pictures(here, SMALL))
    both = collate_pairs([pairs[0]])
    assert both.a.dtype == both.b.dtype == torch.float32
    assert both.a.unique().item() == pytest.approx(0.2)


def test_collated_pairs(manifest, pictures):
    pairs = JudgedPairs(manifest, pictures)
    batch = collate_pairs([pairs[0], pairs[1], pairs[2]])
    assert batch.a.shape == batch.b.shape == (3, 3, 16, 16)
    assert torch.equal(batch.b[1], pairs[1].b)
    assert batch.preferences.tolist() == [1, 0, 2]
    assert batch.mos_a.tolist() == [pairs[n].mos_a for n in range(3)]
    assert batch.mos_b.tolist() == [pairs[n].mos_b for n in range(3)]
    assert batch.image_ids[2] == (manifest.pairs[2].image_a, manifest.pairs[2].image_b)


def test_unit_range():
    assert as_unit_range(torch.full((1, 3, 2, 2), 255, dtype=torch.uint8)).unique().item() == 1
    assert as_unit_range(torch.full((1, 3, 2, 2), 0.5)).unique().item() == 0.5


def test_an_image_without_a_task_cant_be_trained_on(manifest, pictures):
    images = ScoredImages(changed(manifest, 2, task=None), pictures)
    with pytest.raises(UserError, match=f"{manifest.images[2].image_id}: has no task"):
        images[2]
