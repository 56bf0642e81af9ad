"""What the weights say that they were trained on, and what lies beside them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.training.study import TINY

import fgresq
from fgresq.data.split_file import file_hashes, read_split
from fgresq.data.splits import split_by_content
from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.model.checkpoints import Training, read_header
from fgresq.records import Split
from fgresq.training.config import DegradationConfig, QualityConfig
from fgresq.training.loop import Watch
from fgresq.training.run import run

SMALL = {**TINY, "preprocessing": {"resize": 72, "crop": 64}, "epochs": 1}
ABLATION = QualityConfig(**SMALL, without_degradation=True)


def header(out: Path) -> Training:
    return read_header(out / "model.safetensors")[1]


def images_seen(training: Training, manifest: Manifest) -> set[str]:
    assert training.seen is not None
    hashes = file_hashes(manifest)
    return {image.image_id for image in manifest.images if training.seen.has_image(hashes[image.path])}


def test_the_header_says_what_was_trained_on(study: Manifest, tmp_path: Path) -> None:
    """Not what the manifest holds: neither held-out nor unjudged pairs, nor sources that only these are of."""
    split = split_by_content(study, 0.25, 0, 0.1)
    source = {image.image_id: image.source for image in study.images}
    left_out = [n for n in split.train_pairs if n % 2 or source[study.pairs[n].image_a] == "second"]
    pairs = tuple(replace(pair, preference=None) if n in left_out else pair for n, pair in enumerate(study.pairs))
    run(replace(study, pairs=pairs), ABLATION, tmp_path)
    trained, chose, tested = (
        sum(pairs[n].preference is not None for n in split.pairs(side))
        for side in (Split.TRAIN, Split.VALIDATION, Split.TEST)
    )
    assert 0 < trained < len(split.train_pairs)
    assert header(tmp_path).note == (
        f"trained by fgresq on {trained} pairs of first, {chose} more chose the epoch, {tested} were held out; labels: "
        "strength of the degradation"
    )
    assert fgresq.load(tmp_path / "model.safetensors", device="cpu").provenance.weights_note == header(tmp_path).note


def test_the_header_says_how_the_sides_were_drawn(study: Manifest, tmp_path: Path) -> None:
    run(study, ABLATION.model_copy(update={"split": "pair", "seed": 7}), tmp_path)
    told = header(tmp_path).model_extra
    assert told == {"protocol": "split by pair, test_share 0.25, validation_share 0.1, seed 7; the best epoch"}


def test_where_the_last_epoch_is_kept_nothing_chose_it(study: Manifest, tmp_path: Path) -> None:
    settings = {**SMALL, "keep": "last", "validation_share": 0}
    manifest = replace(study, about={})
    run(manifest, QualityConfig(**settings, without_degradation=True), tmp_path)
    assert header(tmp_path).note == (
        "trained by fgresq on 36 pairs of first, second, 12 were held out; labels: the manifest doesn't say where they "
        "are from"
    )


def test_the_header_knows_the_images_and_the_split_beside_it(study: Manifest, tmp_path: Path) -> None:
    run(study, ABLATION, tmp_path)
    training, recorded = header(tmp_path), read_split(tmp_path)
    assert training.seen is not None
    assert training.seen.split == recorded.sha256
    assert training.seen.manifest == recorded.manifest
    assert images_seen(training, study) == {
        *recorded.sides[Split.TRAIN].images,
        *recorded.sides[Split.VALIDATION].images,
    }
    split = split_by_content(study, 0.25, 0, 0.1)
    assert set(recorded.sides[Split.TEST].images) == set(split.test_images)
    again = Training.model_validate(training.model_dump())
    assert again == training, "it survives being written into another file"


def test_what_stage_one_has_seen_is_in_the_weights_of_stage_two(study: Manifest, tmp_path: Path) -> None:
    """The encoder of stage 1 may know other images, of a manifest that stage 2 never saw."""
    contents = sorted({image.content for image in study.images})
    parts = {name: part_of(study, own) for name, own in (("first", contents[:4]), ("second", contents[4:]))}
    run(parts["first"], DegradationConfig(**SMALL), tmp_path / "one")
    config = QualityConfig(**SMALL, degradation=str(tmp_path / "one" / "best.pt"))
    run(parts["second"], config, tmp_path / "two")
    held_out = {
        identity for name in ("one", "two") for identity in read_split(tmp_path / name).sides[Split.TEST].images
    }
    assert held_out
    assert images_seen(header(tmp_path / "two"), study) == {image.image_id for image in study.images} - held_out


def part_of(study: Manifest, contents: list[str]) -> Manifest:
    images = tuple(image for image in study.images if image.content in contents)
    own = {image.image_id for image in images}
    return replace(study, images=images, pairs=tuple(pair for pair in study.pairs if pair.image_a in own))


def test_a_stage_one_that_knows_a_held_out_picture_under_another_name_is_refused(
    study: Manifest, tmp_path: Path
) -> None:
    renamed: Mapping[str, str] = {image.content: f"scene {image.content}" for image in study.images}
    other = replace(study, images=tuple(replace(image, content=renamed[image.content]) for image in study.images))
    run(other, DegradationConfig(**{**SMALL, "seed": 1}), tmp_path / "one")
    config = QualityConfig(**SMALL, degradation=str(tmp_path / "one" / "best.pt"))
    with pytest.raises(UserError, match=r"best\.pt: was trained on . contents that are held out here \(c0"):
        run(study, config, tmp_path / "two")


def test_going_on_with_other_pictures_is_refused(study: Manifest, tmp_path: Path) -> None:
    """The header would name pictures that the first epochs didn't see."""
    out, folder = tmp_path / "out", tmp_path / "data"
    manifest = copied(study, folder)
    config = ABLATION.model_copy(update={"epochs": 2, "save_every": 1})
    with pytest.raises(RuntimeError):
        run(manifest, config, out, failing_after(2))
    recorded = (out / "split.json").read_bytes()
    (folder / study.images[0].path).write_bytes((folder / study.images[1].path).read_bytes())
    with pytest.raises(UserError, match=r"last\.pt: was begun with another manifest or other image files"):
        run(manifest, config, out)
    assert (out / "split.json").read_bytes() == recorded, "what the refused training would have written isn't there"


def copied(study: Manifest, folder: Path) -> Manifest:
    (folder / "images").mkdir(parents=True)
    for image in study.images:
        (folder / image.path).write_bytes(study.path_of(image).read_bytes())
    return replace(study, root=folder)


def failing_after(steps: int) -> Watch:
    def watch(done: int, of: int, loss: float) -> None:
        del of, loss
        if done > steps:
            raise RuntimeError("as if killed")

    return watch
