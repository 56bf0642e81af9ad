import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.data.manifests import DEBLUR, DENOISE, SR, make_manifest

from fgresq.data.splits import leaks, split_by_content, split_by_pair
from fgresq.manifest import Manifest

SCENE = st.tuples(st.sampled_from(["one", "two", "three"]), st.sets(st.sampled_from([SR, DEBLUR, DENOISE]), min_size=1))
SCENES = st.lists(SCENE, min_size=2, max_size=25)
SHARE = st.floats(0.05, 0.95)
SEED = st.integers(0, 1000)


def manifest_of(scenes, algorithms=2):
    return make_manifest(
        [(source, f"c{number}", sorted(tasks)) for number, (source, tasks) in enumerate(scenes)], algorithms
    )


@settings(max_examples=60)
@given(SCENES, SHARE, SEED)
def test_by_content_never_leaks_and_divides_everything(scenes, share, seed):
    manifest = manifest_of(scenes)
    split = split_by_content(manifest, share, seed)
    assert leaks(split, manifest).contents == ()
    assert leaks(split, manifest).images == ()
    assert Counter(split.train_images + split.test_images) == Counter(image.image_id for image in manifest.images)
    assert sorted(split.train_pairs + split.test_pairs) == list(range(len(manifest.pairs)))
    assert split.train_images
    assert split.test_images


@settings(max_examples=60)
@given(SCENES, SHARE, SEED)
def test_every_stratum_gets_its_share_rounded(scenes, share, seed):
    manifest = manifest_of(scenes)
    split = split_by_content(manifest, share, seed)
    source = {image.content: image.source for image in manifest.images}
    tasks = {content: frozenset(i.task for i in manifest.images if i.content == content) for content in source}
    content = {image.image_id: image.content for image in manifest.images}
    held_out = {content[identity] for identity in split.test_images}
    assert len(held_out) == min(max(round(share * len(source)), 1), len(source) - 1)
    exact = len(held_out) / len(source)
    for stratum in (source.get, lambda name: (source[name], tasks[name])):
        sizes = Counter(stratum(name) for name in source)
        taken = Counter(stratum(name) for name in held_out)
        for name, size in sizes.items():
            assert math.floor(size * exact + 1e-9) <= taken[name] <= math.ceil(size * exact - 1e-9)


@settings(max_examples=40)
@given(SCENES, SHARE, SEED, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(scenes, share, seed, random):
    manifest = manifest_of(scenes)
    images, pairs = list(manifest.images), list(manifest.pairs)
    random.shuffle(images)
    random.shuffle(pairs)
    shuffled = Manifest(manifest.root, tuple(images), tuple(pairs), {})
    for method in (split_by_content, split_by_pair):
        split, again = method(manifest, share, seed), method(shuffled, share, seed)
        assert set(split.test_images) == set(again.test_images)
        assert {manifest.pairs[i] for i in split.test_pairs} == {pairs[i] for i in again.test_pairs}


@settings(max_examples=40)
@given(SCENES, SHARE, SEED)
def test_by_pair_divides_the_pairs_and_reports_what_leaks(scenes, share, seed):
    manifest = manifest_of(scenes, algorithms=3)
    split = split_by_pair(manifest, share, seed)
    assert sorted(split.train_pairs + split.test_pairs) == list(range(len(manifest.pairs)))
    assert len(split.test_pairs) == min(max(round(share * len(manifest.pairs)), 1), len(manifest.pairs) - 1)
    assert set(leaks(split, manifest).images) == set(split.train_images) & set(split.test_images)


@settings(max_examples=60)
@given(st.lists(SCENE, min_size=5, max_size=25), st.floats(0.05, 0.6), st.floats(0.05, 0.6), SEED)
def test_validation_comes_out_of_the_training_side_and_leaves_the_test_side_as_it_is(scenes, share, validation, seed):
    manifest = manifest_of(scenes, algorithms=3)
    for draw in (split_by_content, split_by_pair):
        without, split = draw(manifest, share, seed), draw(manifest, share, seed, validation)
        assert (split.test_images, split.test_pairs) == (without.test_images, without.test_pairs)
        assert sorted(split.train_pairs + split.validation_pairs) == list(without.train_pairs)
        assert {*split.train_images, *split.validation_images} == set(without.train_images)
        assert split.train_pairs
        assert split.validation_pairs
    by_content = split_by_content(manifest, share, seed, validation)
    assert leaks(by_content, manifest).contents == ()
    content = {image.image_id: image.content for image in manifest.images}
    rest = {content[identity] for identity in split_by_content(manifest, share, seed).train_images}
    taken = {content[identity] for identity in by_content.validation_images}
    assert len(taken) == min(max(round(validation * len(rest)), 1), len(rest) - 1)
    source = {image.content: image.source for image in manifest.images}
    sizes, held_out = (Counter(source[name] for name in names) for names in (rest, taken))
    exact = len(taken) / len(rest)
    for name, size in sizes.items():
        assert math.floor(size * exact + 1e-9) <= held_out[name] <= math.ceil(size * exact - 1e-9)
