"""Tables 2 and S2 to S14 of the paper: SRCC and PLCC in narrow ranges of MOS, and over all of them."""

from collections.abc import Mapping

from fgresq.benchmark.published import figures_by_range
from fgresq.benchmark.tables.cells import correlation
from fgresq.benchmark.tables.groups import OVERALL, RANGES, Numbers, images_of_ranges
from fgresq.benchmark.tables.intervals import Correlations
from fgresq.benchmark.tables.labels import Answers, Gathered
from fgresq.benchmark.tables.rows import Printed, make_rows
from fgresq.benchmark.tables.settings import TableSettings
from fgresq.errors import UserError
from fgresq.metrics.catalogue import PAPER
from fgresq.names import first_few
from fgresq.results import BenchmarkTable, TableCell, TableColumn

_COLUMNS = tuple(TableColumn(group, criterion) for group in (*RANGES, OVERALL) for criterion in ("SRCC", "PLCC"))


def by_range(gathered: Gathered, settings: TableSettings, *, published: bool = False) -> tuple[BenchmarkTable, ...]:
    """Make one table a source that has MOS.

    Args:
        gathered: from a store.
        settings: of the tables.
        published: set the paper's figures beside ours.

    Raises:
        UserError: no image has a MOS.
    """
    labels = gathered.labels
    groups = {source: images_of_ranges(labels, source) for source in labels.sources}
    with_mos = [source for source in labels.sources if len(groups[source][OVERALL])]
    if not with_mos:
        raise UserError(
            f"no image of {first_few(labels.sources)} has a MOS; ranges need some (the column `mos` of the manifest)"
        )
    without = [source for source in labels.sources if source not in with_mos]
    left_out = (f"Without MOS, and so without a table: {first_few(without)}.",) if without else ()
    return tuple(
        _table(source, groups[source], gathered, settings, (*left_out, *gathered.notes), published=published)
        for source in with_mos
    )


def _table(
    source: str,
    images: Mapping[str, Numbers],
    gathered: Gathered,
    settings: TableSettings,
    more_notes: tuple[str, ...],
    *,
    published: bool,
) -> BenchmarkTable:
    labels = gathered.labels
    resampled = Correlations(labels, gathered.answers, settings)

    def cell(answers: Answers, column: TableColumn, _: bool) -> TableCell:
        return correlation(column.criterion, labels, answers, (images[column.group],), settings, resampled).cell

    notes = ["MOS are brought to [0, 1] by the least and the greatest of the data set."]
    if not any(len(images[group]) for group in RANGES):
        notes = [f"All MOS of {source} are equal; there are no ranges."]
    figures = figures_by_range(source) if published else {}
    printed = None
    if figures:
        printed = Printed(figures, tuple(name for name in PAPER if any(place[0] == name for place in figures)))
    elif published:
        notes.append(f"The paper has no table of {source}.")
    rows = make_rows(gathered.answers, _COLUMNS, cell, printed)
    title = f"Agreement with people in ranges of MOS: {source}"
    return BenchmarkTable(source, title, _COLUMNS, rows, (*notes, *more_notes))
