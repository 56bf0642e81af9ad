"""Every declared source says what a source must say, and agrees with the paper where the paper is right."""

import csv

import pytest
from pydantic import ValidationError

from fgresq.curation.sources import SOURCES, Purpose, find_source
from fgresq.curation.sources.catalogue import by_name
from fgresq.curation.sources.declaration import Expected, Labels, Source
from fgresq.curation.sources.fgrestore.pipal import PIPAL
from fgresq.errors import UserError
from fgresq.records import RestorationTask

FGRESTORE = ("IVIPC-DQA", "MDD13", "IVC-Dehazing", "exBeDDE", "PIPAL", "KADID-10k", "QADS", "RealSRQ", "SISRSet")
RANGES = ("TID2013", "CSIQ", "LIVE", "VCL@FER")
WITHOUT_LAYOUT = {"MDD13", "IVC-Dehazing", "SISRSet", "manifest"}


def test_all_sources_of_the_paper_are_declared() -> None:
    assert list(SOURCES) == [*FGRESTORE, *RANGES, "manifest"]
    assert {name for name in SOURCES if SOURCES[name].purpose is Purpose.FGRESTORE} == set(FGRESTORE)
    assert {name for name in SOURCES if SOURCES[name].purpose is Purpose.RANGE_ANALYSIS} == set(RANGES)
    assert {name for name, source in SOURCES.items() if source.layout is None} == WITHOUT_LAYOUT


def test_the_sources_serve_all_six_tasks() -> None:
    tasks = {task for source in SOURCES.values() for task in source.expected.tasks}
    assert tasks == set(RestorationTask)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_declaration_says_where_the_source_is_from(source: Source) -> None:
    if source.name != "manifest":
        assert source.citation
        assert source.expected.images
    if source.layout is None:
        assert source.labels.turned_at is None  # a CSV's mos is such that higher is better
    assert not source.tau.keeps_all


@pytest.mark.parametrize("name", FGRESTORE)
def test_a_source_of_one_task_has_it_alone(name: str) -> None:
    expected = SOURCES[name].expected
    if name not in ("PIPAL", "KADID-10k"):  # these have distortions besides
        assert sum(expected.tasks.values()) == expected.images


@pytest.mark.shared
def test_counts_agree_with_table_1_but_for_its_known_errors(shared) -> None:
    with (shared / "paper" / "tables" / "table1.csv").open(encoding="utf-8") as file:
        table = {row["dataset"]: row for row in csv.DictReader(file)}
    differ = {name for name in FGRESTORE if SOURCES[name].expected.images != int(table[name]["images"])}
    assert differ == {"IVIPC-DQA", "QADS", "PIPAL"}  # two errors; and PIPAL's public part is smaller than the whole
    for name in FGRESTORE:
        algorithms = SOURCES[name].expected.algorithms
        if name not in ("PIPAL", "KADID-10k") and algorithms is not None:  # theirs are distortion and level
            assert algorithms == int(table[name]["algorithms"])


@pytest.mark.parametrize(
    ("name", "hint"), [("PIPA", "PIPAL"), ("kadid-10k", "KADID-10k"), ("TID2031", "TID2013"), ("x", "known: CSIQ, ")]
)
def test_an_unknown_name_lists_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError, match=hint):
        find_source(name)


def test_names_are_unique() -> None:
    with pytest.raises(ValueError, match="two sources are called PIPAL"):
        by_name([PIPAL, PIPAL])


def test_a_declaration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PIPAL.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"read": None}, "known together"),
        ({"layout": None}, "known together"),
        ({"name": "two words"}, "pattern"),
        ({"home_page": "somewhere"}, "pattern"),
        ({"expected": Expected(images=3)}, "says which tasks"),
        ({"licnce": "MIT"}, "Extra inputs"),
    ],
)
def test_a_declaration_is_checked(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Source(**{**dict(PIPAL), **changes})


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ({"low": 1.0}, "together"),
        ({"low": 1.0, "high": 1.0}, "below"),
        ({"higher_is_better": False}, "turned_at"),
        ({"higher_is_better": True, "turned_at": 1.0}, "turned_at"),
    ],
)
def test_a_scale_is_checked(labels: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Labels(kind="MOS", **labels)


def test_tasks_have_no_more_images_than_there_are() -> None:
    with pytest.raises(ValidationError, match="more images"):
        Expected(images=3, tasks={RestorationTask.DERAINING: 4})
