from dataclasses import replace

import pytest
from tests.unit.data.manifests import SR, make_manifest, two_sources

from fgresq.data.splits import leaks, require_no_leak, scenes, split_by_content, split_by_pair
from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.records import Split


def contents_of(manifest, image_ids):
    content = {image.image_id: image.content for image in manifest.images}
    return {content[identity] for identity in image_ids}


def test_by_content_holds_out_a_share_of_each_source():
    manifest = two_sources()
    split = split_by_content(manifest, test_share=1 / 3, seed=5)
    held_out = contents_of(manifest, split.test_images)
    assert sorted(content[0] for content in held_out) == ["c", "c", "d", "d"]
    assert leaks(split, manifest).contents == ()
    assert {*split.train_images, *split.test_images} == {image.image_id for image in manifest.images}
    assert sorted(split.train_pairs + split.test_pairs) == list(range(len(manifest.pairs)))
    for index in split.test_pairs:
        assert {manifest.pairs[index].image_a, manifest.pairs[index].image_b} <= set(split.test_images)
    require_no_leak(split, manifest)


def test_by_pair_holds_out_a_share_of_the_pairs_of_each_task_and_images_follow():
    manifest = two_sources()
    split = split_by_pair(manifest, test_share=0.5, seed=1)
    task = {image.image_id: image.task for image in manifest.images}
    held_out = [task[manifest.pairs[index].image_a] for index in split.test_pairs]
    assert sorted(map(held_out.count, set(held_out))) == [9, 9, 9]
    for side in Split:
        followed = {i for n in split.pairs(side) for i in (manifest.pairs[n].image_a, manifest.pairs[n].image_b)}
        assert followed == set(split.images(side))
    assert set(split.train_pairs).isdisjoint(split.test_pairs)


def test_by_pair_leaks_and_says_which():
    manifest = two_sources()
    split = split_by_pair(manifest, test_share=0.5, seed=1)
    found = leaks(split, manifest)
    assert found.images == tuple(sorted(set(split.train_images) & set(split.test_images)))
    both_sides = contents_of(manifest, split.train_images) & contents_of(manifest, split.test_images)
    assert found.contents == tuple(sorted(both_sides))
    assert found.images
    with pytest.raises(UserError, match=rf"{len(found.contents)} contents .*{found.contents[0]}, "):
        require_no_leak(split, manifest)
    require_no_leak(split, manifest, allow_paper=True)


def test_a_content_on_both_sides_leaks_even_if_no_image_does():
    manifest = two_sources()
    split = split_by_content(manifest)
    moved = split.test_images[0]
    leaking = replace(
        split, train_images=(*split.train_images, moved), test_images=split.test_images[1:], test_pairs=()
    )
    assert leaks(leaking, manifest).images == ()
    assert leaks(leaking, manifest).contents == tuple(contents_of(manifest, [moved]))
    with pytest.raises(UserError, match="1 contents and 0 images"):
        require_no_leak(leaking, manifest, allow_paper=True)


def test_a_pair_leaks_without_being_among_the_images():
    manifest = two_sources()
    split = split_by_content(manifest)
    leaking = replace(split, train_pairs=(*split.train_pairs, split.test_pairs[0]))
    assert len(leaks(leaking, manifest).images) == 2


def test_a_scene_under_two_names_gives_itself_away_by_its_files():
    manifest = two_sources()
    split = split_by_content(manifest)
    train = next(n for n, image in enumerate(manifest.images) if image.image_id == split.train_images[0])
    test = next(n for n, image in enumerate(manifest.images) if image.image_id == split.test_images[0])

    def changed(**fields):
        images = list(manifest.images)
        for number, values in ((train, fields["first"]), (test, fields["second"])):
            images[number] = replace(images[number], **values)
        return Manifest(manifest.root, tuple(images), manifest.pairs, {})

    same_reference = changed(first={"reference": "pristine/x.png"}, second={"reference": "pristine/../pristine/x.png"})
    found = leaks(split, same_reference)
    assert (found.contents, found.images, found.files) == ((), (), (str(manifest.root / "pristine" / "x.png"),))
    with pytest.raises(UserError, match=r"1 files stand on two sides .*x\.png.*One scene is one content"):
        require_no_leak(split, same_reference, allow_paper=True)
    same_file = changed(first={}, second={"path": manifest.images[train].path})
    with pytest.raises(UserError, match="1 files stand on two sides"):
        require_no_leak(split, same_file)
    require_no_leak(split, changed(first={"reference": "x.png"}, second={"reference": "y.png"}))


def test_images_without_pairs_follow_their_content_or_go_to_train():
    manifest = two_sources()
    first = manifest.pairs[0].image_a
    content = next(iter(contents_of(manifest, [first])))
    alone = tuple(pair for pair in manifest.pairs if first not in (pair.image_a, pair.image_b))
    manifest = Manifest(manifest.root, manifest.images, alone, {})
    for seed in range(10):
        by_pair = split_by_pair(manifest, 0.5, seed)
        assert first in by_pair.train_images
        assert first not in by_pair.test_images
        by_content = split_by_content(manifest, 0.5, seed)
        assert (first in by_content.test_images) == (content in contents_of(manifest, by_content.test_images))


def test_the_seed_decides():
    manifest = two_sources()
    assert split_by_content(manifest, seed=3) == split_by_content(manifest, seed=3)
    assert len({split_by_content(manifest, seed=seed).test_images for seed in range(10)}) > 5
    assert len({split_by_pair(manifest, seed=seed).test_pairs for seed in range(10)}) > 5


def test_both_sides_get_something_from_two_contents():
    manifest = make_manifest([("one", "a", (SR,)), ("one", "b", (SR,))])
    for share in (0.01, 0.99):
        split = split_by_content(manifest, share)
        assert len(contents_of(manifest, split.test_images)) == len(contents_of(manifest, split.train_images)) == 1


def test_too_little_to_split():
    single = make_manifest([("one", "a", (SR,))], algorithms=2)
    with pytest.raises(UserError, match=r"at least 2 contents.* has 1"):
        split_by_content(single)
    with pytest.raises(UserError, match=r"at least 2 pairs.* has 1"):
        split_by_pair(single)
    empty = Manifest(single.root, (), (), {})
    with pytest.raises(UserError, match="has 0"):
        split_by_content(empty)


def test_three_sides_need_three_of_what_is_split():
    two = make_manifest([("one", "a", (SR,)), ("one", "b", (SR,))])
    with pytest.raises(UserError, match=r"at least 2 contents.*; what isn't on the test side has 1"):
        split_by_content(two, validation_share=0.1)
    three = make_manifest([("one", name, (SR,)) for name in "abc"], algorithms=2)
    for draw in (split_by_content, split_by_pair):
        split = draw(three, validation_share=0.1)
        assert split.sides == tuple(Split)
        assert {side: len(split.pairs(side)) for side in Split} == dict.fromkeys(Split, 1)
        assert draw(three).sides == (Split.TRAIN, Split.TEST)


def test_what_validates_leaks_like_what_is_tested():
    manifest = two_sources()
    split = split_by_content(manifest, validation_share=0.3)
    moved = replace(split, validation_images=(*split.validation_images, split.train_images[0]))
    with pytest.raises(UserError, match="1 contents and 1 images stand on two sides"):
        require_no_leak(moved, manifest)


@pytest.mark.parametrize("share", [1.0, -0.2, 8.0])
def test_a_validation_share_out_of_range(share):
    for split in (split_by_content, split_by_pair):
        with pytest.raises(UserError, match="validation share must be at least 0 and below 1"):
            split(two_sources(), 0.2, 0, share)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 8.0])
def test_a_share_out_of_range(share):
    for split in (split_by_content, split_by_pair):
        with pytest.raises(UserError, match="above 0 and below 1"):
            split(two_sources(), share)


def test_a_split_of_another_manifest_is_refused():
    manifest = two_sources()
    other = make_manifest([("one", "x", (SR,)), ("one", "y", (SR,))])
    with pytest.raises(UserError, match="isn't of this manifest"):
        leaks(replace(split_by_content(manifest), train_pairs=(), test_pairs=()), other)
    with pytest.raises(UserError, match="isn't of this manifest: it has pair"):
        leaks(split_by_content(manifest), other)


def test_contents_that_share_a_file_stay_on_one_side():
    """c0 and d0 share a reference, d0 and d3 a picture; so all three are one scene."""
    manifest = two_sources()
    references = {"c0": "pristine/x.png", "d0": "pristine/../pristine/x.png", "d1": "y.png"}
    same_file = next(image.path for image in manifest.images if image.content == "d0")
    images = [replace(image, reference=references.get(image.content)) for image in manifest.images]
    place = next(place for place, image in enumerate(images) if image.content == "d3")
    images[place] = replace(images[place], path=same_file)
    shared = replace(manifest, images=tuple(images))
    assert [scene for scene in scenes(shared) if len(scene) > 1] == [("c0", "d0", "d3")]
    assert sorted(content for scene in scenes(shared) for content in scene) == sorted({i.content for i in images})
    sides = set()
    for seed in range(20):
        split = split_by_content(shared, 0.3, seed)
        require_no_leak(split, shared)
        on_test = {image.content for image in images if image.image_id in split.test_images}
        assert len(on_test & {"c0", "d0", "d3"}) in (0, 3)
        sides.add("c0" in on_test)
    assert sides == {True, False}


def test_scenes_hang_together_through_chains():
    manifest = make_manifest([("one", f"c{n}", (SR,)) for n in range(6)], algorithms=2)
    files = {"c5": ("a", "b"), "c1": ("b", "c"), "c3": ("c", "d"), "c0": ("x", "y")}
    seen = dict.fromkeys(files, 0)

    def with_file(image):
        if image.content not in files:
            return image
        seen[image.content] += 1
        return replace(image, reference=files[image.content][seen[image.content] - 1])

    chained = replace(manifest, images=tuple(map(with_file, manifest.images)))
    assert scenes(chained) == (("c0",), ("c1", "c3", "c5"), ("c2",), ("c4",))
