"""A side of a training's split is found again by the files' hashes, in whatever data set holds them."""

import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from tests.unit.benchmark.studies import DEBLUR, data_set, judge, new_store, put_scores, record

from fgresq.benchmark.sets import BenchmarkSet, read_set
from fgresq.benchmark.sides import Side, read_side
from fgresq.benchmark.tables.build import make_tables
from fgresq.benchmark.tables.labels import gather
from fgresq.data.split_file import RecordedSplit, record_split
from fgresq.data.splits import split_by_content, split_by_pair
from fgresq.errors import UserError
from fgresq.manifest import read_manifest
from fgresq.records import Pair, Preference, Split


def study(root: Path, contents: int = 8, each: int = 3) -> BenchmarkSet:
    groups = [
        [record(f"{c}-{n}", content=f"scene {c}", task=DEBLUR, mos=float(10 * c + n)) for n in range(each)]
        for c in range(contents)
    ]
    pairs = [Pair(a.image_id, b.image_id, Preference.B) for group in groups for a, b in combinations(group, 2)]
    return data_set(root, [image for group in groups for image in group], pairs)


def recorded(data: BenchmarkSet, method: str = "content", validation_share: float = 0.2) -> RecordedSplit:
    manifest = read_manifest(data.manifest.root)
    draw = split_by_pair if method == "pair" else split_by_content
    return record_split(draw(manifest, 0.25, 0, validation_share), manifest)


def side_of(data: BenchmarkSet, side: Split = Split.TEST, method: str = "content") -> Side:
    return Side(side, recorded(data, method), "here")


@pytest.mark.parametrize("side", Split)
def test_a_side_holds_its_images_and_pairs_and_nothing_else(tmp_path: Path, side: Split) -> None:
    data = study(tmp_path / "study")
    split = recorded(data)
    (found,) = Side(side, split, "here").of([data])
    assert {image.image_id for image in found.manifest.images} == set(split.sides[side].images)
    assert {(pair.image_a, pair.image_b) for pair in found.manifest.pairs} == set(split.sides[side].pairs)
    assert found.manifest.pairs


def test_it_is_found_where_the_images_have_other_names(tmp_path: Path) -> None:
    data = study(tmp_path / "study")
    (tmp_path / "renamed").mkdir()
    images = [replace(image, image_id=f"i{n}", path=f"{n}.png") for n, image in enumerate(data.manifest.images)]
    renamed = data_set(tmp_path / "renamed", images)
    for old, new in zip(data.manifest.images, images, strict=True):
        shutil.copy(old.path, tmp_path / "renamed" / new.path)
    renamed = read_set(str(tmp_path / "renamed"))
    (found,) = side_of(data).of([renamed])
    (expected,) = side_of(data).of([data])
    assert [image.content for image in found.manifest.images] == [image.content for image in expected.manifest.images]


def test_by_pair_a_pair_of_another_side_is_left_out_though_both_images_are_here(tmp_path: Path) -> None:
    data = study(tmp_path / "study", contents=4, each=4)
    split = recorded(data, "pair")
    (found,) = Side(Split.TEST, split, "here").of([data])
    pairs = {(pair.image_a, pair.image_b) for pair in found.manifest.pairs}
    assert pairs == set(split.sides[Split.TEST].pairs)
    images = set(split.sides[Split.TEST].images)
    assert any({a, b} <= images for a, b in split.sides[Split.TRAIN].pairs), "or there would be nothing to leave out"


def test_a_pair_that_was_judged_since_belongs_to_the_side_of_its_images(tmp_path: Path) -> None:
    data = study(tmp_path / "study")
    before = replace(data, manifest=replace(read_manifest(data.manifest.root), pairs=data.manifest.pairs[:1]))
    split = record_split(split_by_content(before.manifest, 0.25), before.manifest)
    (found,) = Side(Split.TEST, split, "here").of([data])
    assert len(found.manifest.pairs) == 3 * len(split.sides[Split.TEST].contents)


def test_tables_are_of_the_side_alone_and_say_so(tmp_path: Path) -> None:
    data = study(tmp_path / "study")
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("one"), {image.image_id: image.mos for image in data.manifest.images})
    side = side_of(data)
    for by in ("task", "range"):
        result = make_tables(gather(store, side=side), by)
        (table,) = result.tables
        assert table.notes[-1 if by == "task" else 1] == (
            "Only the test side of a split by content (seed 0) is measured on: 6 of 24 images, 6 of 24 pairs with a "
            "preference."
        )
        assert {cell.of for row in table.rows for cell in row.cells if cell.value is not None} <= {6, 3}
        assert result.settings["side"] == "test"
        assert result.settings["split"] == side.split.sha256
    assert "side" not in make_tables(gather(store), "task").settings


def test_a_split_of_other_files_is_refused_and_one_set_of_two_is_enough(tmp_path: Path) -> None:
    data, other = study(tmp_path / "study"), study(tmp_path / "other", contents=3)
    with pytest.raises(UserError, match="here: none of the 9 images of other is on its test side"):
        side_of(data).of([other])
    found = side_of(data).of([data, other])
    assert [len(each.manifest.images) for each in found] == [6, 0]
    store = new_store(tmp_path / "store", data, other)
    put_scores(store, data, judge("one"), {image.image_id: image.mos for image in data.manifest.images})
    (table,) = make_tables(gather(store, side=side_of(data)), "range").tables
    assert table.rows[0].cells[-1].of == 6


def test_a_file_that_cannot_be_read_is_on_no_side(tmp_path: Path) -> None:
    data = study(tmp_path / "study")
    split = recorded(data)
    gone = next(image for image in data.manifest.images if image.image_id in split.sides[Split.TEST].images)
    Path(gone.path).unlink()
    (found,) = Side(Split.TEST, split, "here").of([read_set(str(tmp_path / "study"))])
    assert len(found.manifest.images) == len(split.sides[Split.TEST].images) - 1
    assert all(gone.image_id not in (pair.image_a, pair.image_b) for pair in found.manifest.pairs)


def test_a_side_that_the_split_lacks(tmp_path: Path) -> None:
    data = study(tmp_path / "study")
    recorded(data, validation_share=0.0).write(tmp_path)
    assert read_side(Split.TEST, tmp_path).place == str(tmp_path)
    with pytest.raises(UserError, match="this split has no validation side; it has train, test"):
        read_side(Split.VALIDATION, tmp_path)
