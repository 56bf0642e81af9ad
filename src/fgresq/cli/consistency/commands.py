"""`fgresq curate consistency`: do the scores of a data set agree with preferences (the paper's Figure 4)?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from fgresq.cli.terminal import cell, notes, results
from fgresq.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from fgresq.criteria.consistency import DifferenceBin
    from fgresq.report.consistency.figure import Panel

ALL = "all sources"


def consistency(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST_OR_CSV",
            help="A manifest's folder, or a CSV of image_a, image_b, preference (A, B, equal or empty), mos_a, mos_b, "
            "and perhaps votes, source, content; several rows of a pair are several votes.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Made if it isn't there.")],
    spread: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE=VALUE",
            help="What differences are divided by; by default the range of the scores that are there. Repeatable.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampled contents.")] = 0,
) -> None:
    """Compare score differences with preferences, as the paper's Figure 4 does: a picture and tables.

    A pair is inconsistent if most votes go against its scores. A vote "equal" counts half for each side; a pair whose
    votes are split evenly is in no rate; equal scores count one half in the rate over all pairs.
    """
    import polars as pl

    from fgresq.locks import only_writer
    from fgresq.report.consistency.figure import draw_consistency
    from fgresq.report.consistency.tables import bins_table, inconsistent_table, points_table
    from fgresq.report.consistency.votes import read_votes
    from fgresq.report.frames import write_frame

    votes = read_votes(data)
    given = {**votes.spreads, **_spreads(spread or [], votes.pairs["source"].unique().to_list())}
    # Where a source has no spread, its scores are equal or missing, and any divisor says so.
    spread_of = pl.col("source").replace_strict(given, default=1.0, return_dtype=pl.Float64)
    pairs = votes.pairs.with_columns(spread=spread_of)
    sources = pairs["source"].unique(maintain_order=True).to_list()
    whole = _panel(sources[0] if len(sources) == 1 else ALL, pairs, seed)
    if not whole.found.overall.pairs:
        raise UserError(f"{data}: no pair has both a preference and two scores")
    parts = [_panel(source, pairs.filter(source=source), seed) for source in sources if len(sources) > 1]
    panels = [whole, *(part for part in parts if part.found.overall.pairs)]
    for panel in (whole, *parts):
        _print(panel)
    with only_writer(out):
        for suffix in (".png", ".svg"):
            draw_consistency(panels, out / f"consistency{suffix}")
        write_frame(out / "bins.csv", bins_table(panels))
        write_frame(out / "points.csv", points_table(panels))
        write_frame(out / "inconsistent_pairs.csv", inconsistent_table(pairs, whole))
    results.print(
        cell(f"in {out}: consistency.png, .svg, bins.csv, points.csv, inconsistent_pairs.csv"), soft_wrap=True
    )


def _panel(name: str, pairs: "pl.DataFrame", seed: int) -> "Panel":
    import polars as pl

    from fgresq.criteria.consistency import consistency as compare
    from fgresq.criteria.consistency import vote_balance
    from fgresq.report.consistency.figure import Panel

    difference = pairs.select((pl.col("mos_a") - pl.col("mos_b")) / pl.col("spread")).to_series()
    balance = vote_balance(*(pairs[column].to_numpy() for column in ("for_a", "equal", "for_b")))
    contents = pairs["content"] if pairs["content"].n_unique() > 1 and not pairs["content"].null_count() else None
    if contents is None:
        notes.print(cell(f"{name}: one content, or none given, so no interval over contents", "yellow"), soft_wrap=True)
    numbers = difference.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    found = compare(numbers, balance, contents=None if contents is None else contents.to_numpy(), seed=seed)
    return Panel(name, numbers, balance, found)


def _spreads(settings: list[str], sources: list[str]) -> dict[str, float]:
    spreads = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            spreads[name] = float(value)
        except ValueError:
            spreads[name] = 0.0
        if not 0 < spreads[name] < float("inf"):
            raise UserError(f"--spread {setting}: SOURCE=VALUE is needed, with a value above 0, such as PIPAL=919.3")
        if name not in sources:
            raise UserError(f"--spread {setting}: no such source here; there is {', '.join(sorted(sources))}")
    return spreads


def _print(panel: "Panel") -> None:
    found = panel.found
    overall = found.overall
    results.print(cell(f"\n{panel.name}: {found.pairs:,} pairs".lstrip(), "bold"), soft_wrap=True)
    left_out = f"{found.without_scores:,} lack a score, {found.without_votes:,} more a preference"
    results.print(f"{overall.pairs:,} compared; {left_out}; {overall.judged_equal:,} judged equal", soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("difference", "pairs", "equal", "against", "rate, %", "independent", "by content"):
        table.add_column(title, justify="right", no_wrap=True)
    for part in found.bins:
        name = "equal scores" if part.up_to == 0 else f"to {part.up_to:g}"
        _add(table, name, part)
    _add(table, "all", overall, "bold")
    results.print(table)
    results.print("95 % intervals: as if pairs were independent, and over contents", style="dim")


def _add(table: Table, name: str, part: "DifferenceBin", style: str = "") -> None:
    rate = "-" if part.rate is None else f"{100 * part.rate:.1f}"
    ends = ["-" if i is None else f"{100 * i[0]:.1f} to {100 * i[1]:.1f}" for i in (part.wilson, part.over_contents)]
    table.add_row(name, f"{part.pairs:,}", f"{part.judged_equal:,}", f"{part.inconsistent:,}", rate, *ends, style=style)
