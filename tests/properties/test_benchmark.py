"""Whatever is added to a benchmark in whatever order: every image is judged once by every metric, and tables agree."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.unit.benchmark.studies import data_set, judge, new_store, put_scores, record

from fgresq.benchmark import runner, work
from fgresq.benchmark.coverage import known_in
from fgresq.benchmark.store import Store
from fgresq.benchmark.tables import TableSettings
from fgresq.benchmark.tables.build import make_tables
from fgresq.benchmark.tables.labels import gather
from fgresq.metrics.base import Item, MetricCard, Score
from fgresq.metrics.runners import MetricSettings


class Counting:
    """Scores a file by its name, and counts."""

    def __init__(self, name: str, asked: Counter[tuple[str, str]]) -> None:
        self.card: MetricCard = judge(name, at_once=3)
        self._asked = asked

    def score(self, items: Sequence[Item]) -> list[Score]:
        names = [Path(image).stem for image, _ in items]
        self._asked.update((self.card.name, name) for name in names)
        return [Score(float(int(name[1:]))) for name in names]


steps = st.lists(st.one_of(st.integers(1, 4), st.sampled_from(["one", "two", "three"])), min_size=1, max_size=8)


@given(steps)
@examples(max_examples=25)
def test_each_image_is_judged_once_by_each_metric(steps: list[int | str]) -> None:
    asked: Counter[tuple[str, str]] = Counter()
    judges = {name: Counting(name, asked) for name in ("one", "two", "three")}
    images: list[str] = ["i0"]
    used: set[str] = set()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(runner, "open_metric", lambda card, _: judges[card.name]),
        patch.object(work, "open_metric", lambda card, _: judges[card.name]),
    ):
        root = Path(folder)
        store = new_store(root / "store")
        for step in steps:
            if isinstance(step, int):
                images += [f"i{len(images) + n}" for n in range(step)]
            else:
                used.add(step)
            data = data_set(root / "study", [record(name) for name in images])
            store.add_set(data)
            before = sum(asked.values())
            computed = 0
            for name in sorted(used):
                coverage = runner.run_metric(
                    judges[name].card, MetricSettings(), (data,), store, known_in(store), spread=map
                )
                assert coverage.scored == len(images)
                computed += coverage.computed
            assert sum(asked.values()) - before == computed
        assert asked == Counter({(name, image): 1 for name in used for image in images})
        assert len(store.scores()) == len(used) * len(images)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[float]]:
    """A metric, its reverse declared lower-is-better, and its reverse that isn't."""
    root = tmp_path_factory.mktemp("three")
    values = np.random.default_rng(3).normal(size=40).tolist()
    images = [record(f"i{n}", mos=float(n % 7), content=f"scene {n % 5}") for n in range(40)]
    data = data_set(root / "study", images)
    store = new_store(root / "store", data)
    put_scores(store, data, judge("it"), {f"i{n}": value for n, value in enumerate(values)})
    reverse = {f"i{n}": -value for n, value in enumerate(values)}
    put_scores(store, data, judge("lower", higher_is_better=False), reverse)
    put_scores(store, data, judge("reverse"), reverse)
    return store, values


@pytest.mark.parametrize("by", ["task", "range"])
def test_direction_is_taken_from_the_declaration_and_never_from_the_sign(
    by: str, three: tuple[Store, list[float]]
) -> None:
    store, _ = three
    settings = TableSettings(intervals=True, resamples=200)
    (table,) = make_tables(gather(store), by, settings).tables  # type: ignore[arg-type]
    cells = {row.metric: row.cells for row in table.rows}
    assert cells["it"] == cells["lower"]
    for own, other in zip(cells["it"], cells["reverse"], strict=True):
        assert (own.n, own.why) == (other.n, other.why)
        if own.value is not None:
            assert other.value == pytest.approx(-own.value, abs=1e-12)
            assert (other.low, other.high) == pytest.approx((-own.high, -own.low), abs=1e-9)
