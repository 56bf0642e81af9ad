"""Pairs and the coarse filter against the definition, on any table of images."""

import itertools

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from fgresq.curation.filters import CoarseFilter
from fgresq.curation.pairs import all_pairs, count_pairs, count_possible, pair_batches
from fgresq.curation.tables import IMAGE_TYPES
from fgresq.curation.tau import Tau

GROUPS = st.tuples(
    st.sampled_from(["S", "T"]),
    st.sampled_from(["Denoising", "Deraining", None]),
    st.sampled_from(["c1", "c2"]),
    st.sampled_from([None, "x2", "x3"]),
)
SCORES = st.one_of(st.none(), st.integers(0, 40).map(lambda tenths: tenths / 10))
IMAGES = st.dictionaries(st.text("abcäß/_.9", min_size=1, max_size=6), st.tuples(GROUPS, SCORES), max_size=40).map(
    lambda images: pl.DataFrame(
        [
            (name, "/x", source, task, f"{source}/{content}", "m", mos, None, scale)
            for name, ((source, task, content, scale), mos) in images.items()
        ],
        schema=IMAGE_TYPES,
        orient="row",
    )
)


def by_definition(images: pl.DataFrame) -> list[tuple[object, ...]]:
    """Every unordered pair of one group, by a loop."""
    rows = []
    for one, two in itertools.combinations(images.to_dicts(), 2):
        key = ("source", "task", "content", "scale")
        if one["task"] is not None and all(one[name] == two[name] for name in key):
            first, second = sorted((one, two), key=lambda image: image["image_id"])
            rows.append((*(one[name] for name in key), *(image["image_id"] for image in (first, second))))
    return sorted(rows, key=lambda row: tuple("" if part is None else part for part in row))


@given(images=IMAGES, size=st.integers(1, 30))
def test_pairs_are_those_of_the_definition_in_one_frame_or_many(images: pl.DataFrame, size: int) -> None:
    pairs = all_pairs(images)
    assert pairs.select("source", "task", "content", "scale", "image_a", "image_b").rows() == by_definition(images)
    batches = list(pair_batches(images, size))
    assert pl.concat([pairs.clear(), *batches]).equals(pairs)
    assert count_possible(images).rows() == count_pairs(pairs).rows()


@given(images=IMAGES.filter(lambda images: images["task"].count() > 0), low=st.integers(1, 40), step=st.integers(0, 40))
def test_a_wider_tau_keeps_no_fewer_and_the_score_decides(images: pl.DataFrame, low: int, step: int) -> None:
    labelled = images.with_columns(pl.col("mos").fill_null(0.0))
    sources = labelled.filter(pl.col("task").is_not_null())["source"].unique()
    pairs, kept = all_pairs(labelled), []
    for tenths in (low, low + step):
        coarse = CoarseFilter.for_images(labelled, dict.fromkeys(sources, Tau(own=tenths / 10)))
        kept.append(coarse.keep(pairs))
        wanted = [round(10 * abs(a - b)) <= tenths for a, b in pairs.select("mos_a", "mos_b").iter_rows()]
        assert kept[-1].equals(pairs.filter(pl.Series(wanted, dtype=pl.Boolean)))
    assert kept[0].join(kept[1], on=("image_a", "image_b"), how="anti").height == 0
