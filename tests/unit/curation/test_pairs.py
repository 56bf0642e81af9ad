import polars as pl
import pytest
from tests.unit.curation.images import table

from fgresq.curation.pairs import all_pairs, count_pairs, count_possible, funnel, pair_batches
from fgresq.curation.tables import GROUP, PAIR_TYPES
from fgresq.errors import UserError

IMAGES = table(
    ("S", "Denoising", "c1", None, [1.0, 2.5, 4.0]),
    ("S", "Deblurring", "c1", None, [1.0, 1.5]),
    ("S", "Denoising", "c2", None, [2.0]),
    ("R", "SuperResolution", "c1", "x2", [0.1, 0.4]),
    ("R", "SuperResolution", "c1", "x3", [0.2, None]),
    ("R", None, "c1", None, [0.2, 0.3]),
)


def test_pairs_stay_within_source_task_content_and_scale():
    pairs = all_pairs(IMAGES)
    assert dict(pairs.schema) == PAIR_TYPES
    assert pairs.select("image_a", "image_b", "mos_difference").rows() == [
        ("R/SuperResolution/c1/x2/00", "R/SuperResolution/c1/x2/01", pytest.approx(0.3)),
        ("R/SuperResolution/c1/x3/00", "R/SuperResolution/c1/x3/01", None),
        ("S/Deblurring/c1/00", "S/Deblurring/c1/01", 0.5),
        ("S/Denoising/c1/00", "S/Denoising/c1/01", 1.5),
        ("S/Denoising/c1/00", "S/Denoising/c1/02", 3.0),
        ("S/Denoising/c1/01", "S/Denoising/c1/02", 1.5),
    ]
    assert pairs.row(4, named=True) == {
        "source": "S",
        "task": "Denoising",
        "content": "S/c1",
        "scale": None,
        "image_a": "S/Denoising/c1/00",
        "image_b": "S/Denoising/c1/02",
        "mos_a": 1.0,
        "mos_b": 4.0,
        "mos_difference": 3.0,
    }


def test_contents_without_a_scale_are_one_group():
    mixed = pl.concat([IMAGES.with_columns(scale=pl.lit(None, pl.String))])
    assert count_pairs(all_pairs(mixed)).filter(source="R")["pairs"].item() == 6  # 4 images, now of one group


def test_the_order_of_the_images_does_not_matter():
    assert all_pairs(IMAGES.sample(fraction=1, shuffle=True, seed=3)).equals(all_pairs(IMAGES))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 10_000])
def test_batches_hold_the_same_rows_and_no_more_than_asked(size):
    images = table(
        *(("S", "Denoising", f"c{content}", None, range(content)) for content in range(12)),  # 0 to 11 images
        ("T", "Denoising", "c", None, range(5)),
    )
    batches = list(pair_batches(images.with_columns(pl.col("mos").cast(pl.Float64)), size))
    assert pl.concat(batches).equals(all_pairs(images))
    partners = 10  # of the first of eleven images
    assert all(0 < batch.height < size + partners for batch in batches)
    assert len(batches) >= 230 // (size + partners)


def test_nothing_to_pair():
    alone = table(("S", "Denoising", "c1", None, [1.0]), ("S", None, "c2", None, [1.0, 2.0]))
    for images in (alone, alone.clear()):
        assert all_pairs(images).height == 0
        assert dict(all_pairs(images).schema) == PAIR_TYPES
        assert list(pair_batches(images)) == []
        assert count_possible(images).height == 0
        assert count_pairs(all_pairs(images)).height == 0


def test_an_identity_that_occurs_twice_is_named():
    with pytest.raises(UserError, match=r"1 image identities occur twice: S/Deblurring/c1/01; make them unique"):
        all_pairs(pl.concat([IMAGES, IMAGES.filter(pl.col("image_id") == "S/Deblurring/c1/01")]))


def test_counts():
    expected = [
        ("R", "SuperResolution", 1, 4, 2),
        ("S", "Deblurring", 1, 2, 1),
        ("S", "Denoising", 1, 3, 3),
    ]
    counts = count_pairs(all_pairs(IMAGES))
    assert counts.columns == ["source", "task", "contents", "images", "pairs"]
    assert counts.rows() == expected
    assert count_pairs(all_pairs(IMAGES).lazy()).rows() == expected
    possible = count_possible(IMAGES)
    assert possible.columns == counts.columns
    assert possible.rows() == expected


def test_the_funnel_shows_every_stage_and_what_vanished():
    pairs = all_pairs(IMAGES)
    kept = pairs.filter(pl.col("mos_difference") > 1)
    table_of_stages = funnel({"paired": count_possible(IMAGES), "coarse": count_pairs(kept)})
    assert table_of_stages.columns == [
        "source",
        "task",
        *(f"{name}_{stage}" for stage in ("paired", "coarse") for name in ("contents", "images", "pairs")),
    ]
    assert table_of_stages.rows() == [
        ("R", "SuperResolution", 1, 4, 2, 0, 0, 0),
        ("S", "Deblurring", 1, 2, 1, 0, 0, 0),
        ("S", "Denoising", 1, 3, 3, 1, 3, 3),
    ]


def test_groups_are_what_the_tables_say():
    assert GROUP == ("source", "task", "content", "scale")
