from collections import Counter
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.data.samplers import OnePerTaskBatches, PlainBatches, SceneBatches
from fgresq.errors import UserError

SOURCES = ["a"] * 13 + ["b"] * 5 + ["c"] * 8
GROUPS = st.lists(st.integers(3, 40), min_size=1, max_size=5)


def indices(sampler):
    return [[index for _, index in batch] for batch in sampler]


@settings(max_examples=60)
@given(GROUPS, st.integers(6, 20), st.integers(1, 3), st.integers(0, 99), st.integers(0, 5))
def test_each_sample_once_from_one_source_on_equal_ranks(sizes, batch_size, world_size, seed, epoch):
    sources = list(chain.from_iterable([number] * size for number, size in enumerate(sizes)))
    ranks = []
    for rank in range(world_size):
        sampler = SceneBatches(sources, batch_size, seed=seed, rank=rank, world_size=world_size)
        sampler.start_at(epoch)
        ranks.append(indices(sampler))
        assert len(ranks[-1]) == len(sampler)
    whole = SceneBatches(sources, batch_size, seed=seed)
    whole.start_at(epoch)
    for parts in zip(*ranks, strict=True):
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
        assert min(map(len, parts)) >= 1
        assert sum(map(len, parts)) <= batch_size
        assert len({sources[index] for part in parts for index in part}) == 1
    assert sorted(chain.from_iterable(chain.from_iterable(ranks))) == list(range(len(sources)))
    if max(world_size, 2) == 2:  # with more processes the end of a source may be cut elsewhere
        assert [list(chain.from_iterable(parts)) for parts in zip(*ranks, strict=True)] == indices(whole)


def test_short_last_batches_are_kept_and_a_single_sample_gets_company():
    sizes = sorted(map(len, indices(SceneBatches(SOURCES, 4))))
    # 13 = 4 + 4 + 3 + 2 rather than 4 + 4 + 4 + 1, likewise 5 = 3 + 2, and 8 = 4 + 4.
    assert sizes == sorted([4, 4, 3, 2, 3, 2, 4, 4])
    assert sorted(map(len, indices(SceneBatches(SOURCES, 5)))) == sorted([5, 5, 3, 5, 5, 3])


def test_a_source_of_one_sample_is_a_batch_of_its_own():
    assert sorted(map(len, indices(SceneBatches(["a", "b", "b"], 8)))) == [1, 2]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_tiny_batches(batch_size):
    sizes = list(map(len, indices(SceneBatches(SOURCES, batch_size))))
    assert max(sizes) == batch_size
    assert sum(sizes) == len(SOURCES)


def test_the_order_depends_on_seed_and_epoch_only():
    def order(seed, epoch):
        sampler = SceneBatches(SOURCES, 4, seed=seed)
        sampler.start_at(epoch)
        return indices(sampler)

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


def test_sources_alternate_within_an_epoch():
    sources = ["a"] * 40 + ["b"] * 40
    first = [batch[0] < 40 for batch in indices(SceneBatches(sources, 4))]
    assert first not in ([True] * 10 + [False] * 10, [False] * 10 + [True] * 10)


@pytest.mark.parametrize("sampler", [SceneBatches(SOURCES, 4), OnePerTaskBatches(SOURCES), PlainBatches(26, 4)])
def test_an_epoch_goes_on_where_it_stopped(sampler):
    sampler.start_at(3)
    whole = list(sampler)
    sampler.start_at(3, skip=2)
    assert list(sampler) == whole[2:]
    assert len(sampler) == len(whole)
    assert {epoch for batch in whole for epoch, _ in batch} == {3}
    sampler.start_at(3, skip=len(whole))
    assert list(sampler) == []


def test_plain_batches_mix_everything():
    batches = indices(PlainBatches(26, 8, seed=1))
    assert list(map(len, sorted(batches, key=len, reverse=True))) == [8, 8, 8, 2]
    assert sorted(chain.from_iterable(batches)) == list(range(26))
    assert any(len({SOURCES[index] for index in batch}) > 1 for batch in batches)


def test_one_image_of_every_task_in_each_batch():
    sampler = OnePerTaskBatches(SOURCES, seed=2)
    batches = indices(sampler)
    assert len(sampler) == len(batches) == 13
    assert all(sorted(SOURCES[index] for index in batch) == ["a", "b", "c"] for batch in batches)
    times = Counter(chain.from_iterable(batches))
    assert {times[index] for index in range(13)} == {1}
    assert {times[index] for index in range(13, 18)} == {2, 3}
    assert {times[index] for index in range(18, 26)} == {1, 2}


def test_ranks_share_the_tasks_of_a_batch():
    ranks = [indices(OnePerTaskBatches(SOURCES, seed=2, rank=rank, world_size=2)) for rank in (0, 1)]
    together = [[*first, *second] for first, second in zip(*ranks, strict=True)]
    assert together == indices(OnePerTaskBatches(SOURCES, seed=2))


def test_what_cannot_be_divided_is_refused():
    with pytest.raises(UserError, match="b: 5 samples can't be divided among 6 processes"):
        SceneBatches(SOURCES, 64, world_size=6)
    with pytest.raises(UserError, match="4 processes need batches of at least 8, not 4"):
        SceneBatches(SOURCES, 4, world_size=4)
    with pytest.raises(UserError, match="at least 1, not 0"):
        PlainBatches(5, 0)
    with pytest.raises(UserError, match="no samples"):
        SceneBatches([], 4)
    with pytest.raises(UserError, match="have 1 for 1"):
        OnePerTaskBatches(["a", "a"])
    with pytest.raises(UserError, match="have 3 for 4"):
        OnePerTaskBatches(SOURCES, world_size=4)
    with pytest.raises(ValueError, match="rank 2 isn't one of 2"):
        SceneBatches(SOURCES, 4, rank=2, world_size=2)
