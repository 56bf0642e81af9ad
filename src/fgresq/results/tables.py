"""Tables of a benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableCell:
    """One figure of a benchmark.

    Attributes:
        value: None where there is none; `why` then says why.
        n: images or pairs that it rests on.
        of: images or pairs that there are, judged by the metric or not.
        why: None where there is a value.
        low, high: ends of its interval; None without one.
        published: the paper's figure; None where it has none, or wasn't asked for.
        doubt: what speaks against the paper's figure; None where nothing is known to.
        seen: of the images or pairs that it rests on, those that the metric's weights have seen in their training.
    """

    value: float | None
    n: int
    of: int
    why: str | None = None
    low: float | None = None
    high: float | None = None
    published: float | None = None
    doubt: str | None = None
    seen: int = 0


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: what it is over (a task, a range of MOS, "Average", "Overall"), and by which criterion."""

    group: str
    criterion: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """A metric's figures.

    Attributes:
        metric: its name, unique in the table.
        title: as the literature writes it.
        full_reference: whether it sees the pristine image.
        note: what else a reader must know of it; may be empty.
        cells: one a column.
    """

    metric: str
    title: str
    full_reference: bool
    note: str
    cells: tuple[TableCell, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkTable:
    """Metrics against people, over groups of images.

    Attributes:
        name: unique in its file, such as "tasks" or the name of a data set.
        title: in words.
        columns: in order; those of one group stand together.
        rows: full-reference metrics first.
        notes: what must be said of the figures, a sentence each.
        warnings: what makes figures look too good, a sentence each.
    """

    name: str
    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """The tables of a benchmark, and how they were made.

    Attributes:
        schema: of the file that it is written to.
        version: of fgresq.
        by: "task" or "range".
        settings: name to value of every choice that the figures depend on.
        judges: name to what made its scores: engine, version, hash of its parameters.
        tables: at least one.
    """

    schema: int
    version: str
    by: str
    settings: Mapping[str, str]
    judges: Mapping[str, str]
    tables: tuple[BenchmarkTable, ...]
