"""Samples are as even over sources and contents as they can be, and the same for the same seed."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.curation.images import table

from fgresq.curation.pairs import all_pairs
from fgresq.curation.pipeline.sampling import fair_shares, sample_pairs

RAIN, HAZE = "Deraining", "Dehazing"


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 40), min_size=1, max_size=8),
    st.integers(0, 200),
    st.integers(0, 5),
)
def test_shares_are_fair(available, wanted, seed):
    shares = fair_shares(available, wanted, seed)
    assert shares.keys() == available.keys()
    assert sum(shares.values()) == min(wanted, sum(available.values()))
    assert all(0 <= shares[name] <= available[name] for name in shares)
    # Who could give more doesn't get less than anybody else, but for the rest of the division.
    could = [shares[name] for name in shares if shares[name] < available[name]]
    assert not could or min(could) >= max(shares.values()) - 1


@pytest.fixture
def pairs() -> pl.DataFrame:
    """Deraining: a large source of three contents (45, 45 and 3 pairs) and a small one of 6; and dehazing."""
    return all_pairs(
        table(
            ("large", RAIN, "c1", None, range(10)),
            ("large", RAIN, "c2", None, range(10)),
            ("large", RAIN, "c3", None, range(3)),
            ("small", RAIN, "d1", None, range(4)),
            ("large", HAZE, "c1", None, range(5)),
        )
    )


def counts(pairs: pl.DataFrame, *by: str) -> Counter[object]:
    return Counter(pairs.select(*by).iter_rows())


def test_a_target_is_shared_out_over_sources_and_then_over_contents(pairs):
    sample = sample_pairs(pairs, {RAIN: 29}, seed=0)
    assert counts(sample, "task", "source") == {(RAIN, "large"): 23, (RAIN, "small"): 6, (HAZE, "large"): 10}
    assert counts(sample.filter(task=RAIN, source="large"), "content") == {
        ("large/c1",): 10,
        ("large/c2",): 10,
        ("large/c3",): 3,
    }


def test_a_target_beyond_what_there_is_takes_all(pairs):
    assert sample_pairs(pairs, {RAIN: 1000, HAZE: 1000}, seed=0).equals(pairs)
    assert sample_pairs(pairs, {}, seed=0).equals(pairs)
    assert sample_pairs(pairs, {"Denoising": 5}, seed=0).equals(pairs)


def test_rows_keep_their_order_and_depend_on_the_seed_alone(pairs):
    sample = sample_pairs(pairs, {RAIN: 20}, seed=3)
    assert sample.equals(pairs.join(sample, on=pairs.columns, how="semi", nulls_equal=True, maintain_order="left"))
    shuffled = sample_pairs(pairs.sample(fraction=1, shuffle=True, seed=1), {RAIN: 20}, seed=3)
    assert set(shuffled.rows()) == set(sample.rows())
    assert set(sample_pairs(pairs, {RAIN: 20}, seed=4).rows()) != set(sample.rows())


def test_every_pair_of_a_content_can_be_drawn(pairs):
    large = pairs.filter(content="large/c1", task=RAIN)
    drawn = Counter(row for seed in range(300) for row in sample_pairs(large, {RAIN: 9}, seed).rows())
    assert len(drawn) == 45
    assert 25 < min(drawn.values()) <= max(drawn.values()) < 100  # 60 expected, standard deviation 7
