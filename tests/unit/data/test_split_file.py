"""A split on disk: found again by files, whatever they are called, and refused when it isn't one."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.data.manifests import two_sources

from fgresq.data.split_file import SPLIT_FILE, read_split, record_split, seen_of
from fgresq.data.splits import split_by_content, split_by_pair
from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.records import Split


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """With files that hold their name, and references for some."""
    made = two_sources(tmp_path)
    images = [
        replace(image, reference=f"{image.content}.ref") if image.source == "one" else image for image in made.images
    ]
    for name in {path for image in images for path in (image.path, image.reference) if path}:
        (tmp_path / name).write_text(name)
    return replace(made, images=tuple(images))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("draw", [split_by_content, split_by_pair])
def test_every_side_is_written_with_its_contents_images_pairs_and_files(manifest: Manifest, draw) -> None:
    split = draw(manifest, 0.25, 3, 0.2)
    recorded = record_split(split, manifest)
    recorded.write(manifest.root)
    document = json.loads((manifest.root / SPLIT_FILE).read_text())
    assert (document["method"], document["test_share"], document["validation_share"], document["seed"]) == (
        *(split.method, 0.25, 0.2, 3),
    )
    content = {image.image_id: image.content for image in manifest.images}
    assert list(document["sides"]) == ["train", "validation", "test"]
    for side in Split:
        told = document["sides"][side.value]
        assert told["images"] == {identity: sha256(f"{identity}.png") for identity in split.images(side)}
        assert told["contents"] == sorted({content[identity] for identity in split.images(side)})
        pairs = [manifest.pairs[index] for index in split.pairs(side)]
        assert told["pairs"] == [[pair.image_a, pair.image_b] for pair in pairs]
    assert recorded.sha256 == hashlib.sha256((manifest.root / SPLIT_FILE).read_bytes()).hexdigest()
    again = read_split(manifest.root)
    assert again == recorded
    assert again.sha256 == recorded.sha256


def test_it_depends_on_rows_and_files_not_on_where_they_lie(
    manifest: Manifest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    split = split_by_content(manifest)
    before = record_split(split, manifest).sha256
    moved = manifest.root.rename(tmp_path_factory.mktemp("other") / "place")
    manifest = replace(manifest, root=moved)
    assert record_split(split, manifest).sha256 == before
    (moved / manifest.images[0].path).write_text("another picture")
    changed = record_split(split, manifest)
    assert changed.sha256 != before
    scored = replace(manifest, images=(replace(manifest.images[0], mos=-1.0), *manifest.images[1:]))
    assert record_split(split, scored).sha256 not in (before, changed.sha256)


def test_what_is_there_already_is_left_alone(manifest: Manifest) -> None:
    recorded = record_split(split_by_content(manifest), manifest)
    recorded.write(manifest.root)
    path = manifest.root / SPLIT_FILE
    before = path.stat().st_ino
    recorded.write(manifest.root)
    assert path.stat().st_ino == before
    path.write_text("{}")
    recorded.write(manifest.root)
    assert read_split(path) == recorded


def test_what_is_trained_on_and_what_validates_is_seen_and_what_is_tested_isnt(manifest: Manifest) -> None:
    split = split_by_content(manifest, 0.25, 0, 0.2)
    seen = seen_of(record_split(split, manifest), manifest)
    tested = set(split.test_images)
    assert seen.images == len(manifest.images) - len(tested)
    for image in manifest.images:
        assert seen.has_image(sha256(image.path)) == (image.image_id not in tested)
        assert seen.has_scene(image.source, image.content) == (image.image_id not in tested)
        if image.reference is not None:
            assert seen.has_scene("x", "y", [sha256(image.reference)]) == (image.image_id not in tested)


def test_references_that_are_gone_are_no_trouble(manifest: Manifest) -> None:
    (manifest.root / "c0.ref").unlink()
    assert seen_of(record_split(split_by_content(manifest), manifest), manifest).images > 0


def test_it_is_found_in_its_folder_and_beside_the_weights(manifest: Manifest) -> None:
    recorded = record_split(split_by_content(manifest), manifest)
    recorded.write(manifest.root)
    (manifest.root / "model.safetensors").touch()
    for place in ("", "model.safetensors", SPLIT_FILE):
        assert read_split(manifest.root / place) == recorded
    other = (manifest.root / SPLIT_FILE).rename(manifest.root / "renamed.json")
    assert read_split(other) == recorded
    for place in ("", "model.safetensors"):
        with pytest.raises(UserError, match=r"there is no split\.json here; `fgresq train` writes it"):
            read_split(manifest.root / place)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "isn't the split of a training"),
        ("[]", "isn't the split of a training"),
        ('{"format": "fgresq-split-9"}', "isn't the split of a training"),
        (b"\xff\xfe", "isn't the split of a training"),
    ],
)
def test_what_is_no_split(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = tmp_path / "split.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=rf"split\.json: {message}") as caught:
        read_split(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no such file; the folder of a training is needed"):
        read_split(tmp_path / "gone")


def test_a_split_without_a_test_side(manifest: Manifest) -> None:
    document = json.loads(record_split(split_by_content(manifest), manifest).text)
    del document["sides"]["test"]
    (manifest.root / SPLIT_FILE).write_text(json.dumps(document))
    with pytest.raises(UserError, match="lacks a side"):
        read_split(manifest.root)


def test_a_file_that_cannot_be_read_is_named(manifest: Manifest) -> None:
    (manifest.root / manifest.images[3].path).unlink()
    with pytest.raises(UserError, match=rf"{manifest.images[3].path}: can't be read \(No such file"):
        record_split(split_by_content(manifest), manifest)
