"""The data card of a build: what the data set holds, how it came about, what was left out."""

import io
import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from fgresq.errors import UserError
from fgresq.files import written_whole
from fgresq.report.curation.ssims import draw_ssims
from fgresq.report.differences import Differences, draw_differences

CARD, DIFFERENCES, SSIMS = "card.md", "differences.svg", "ssims.svg"
_DIFFERENCE_BINS, _SSIM_BINS = 200, 100


def write_card(folder: Path) -> None:
    """Write `card.md` and its pictures into the folder of a build, from the files that are there.

    Raises:
        UserError: a file of the build isn't there or is damaged, or matplotlib isn't installed.
        OutputError: something can't be written.
    """
    about = _json(folder, "manifest.json")["about"]
    taus = _csv(folder, "taus.csv")
    pictures = []
    panels = _panels(taus, _csv(folder, "differences.csv"))
    if panels:
        draw_differences(panels, folder / DIFFERENCES)
        pictures.append(f"![score differences]({DIFFERENCES})")
    ssims = _csv(folder, "ssims.csv")
    if ssims.height:
        draw_ssims(ssims, about["threshold"]["ssim"], _SSIM_BINS, folder / SSIMS)
        pictures.append(f"![SSIM of pairs]({SSIMS})")
    parts = [
        *_head(about, _csv(folder, "table-1.csv")),
        *_filters(about, taus, _csv(folder, "counts.csv")),
        *_distributions(pictures),
        *_splits(about),
        *_left_out(_csv(folder, "left-out.csv")),
        *_sources(about),
    ]
    with written_whole(folder / CARD) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def require_matplotlib() -> None:
    """See that the pictures can be drawn.

    Raises:
        UserError: matplotlib isn't installed.
    """
    if find_spec("matplotlib") is None:
        raise UserError("the data card's pictures need matplotlib: pip install 'fgresq[curate]'")


def _head(about: dict[str, Any], table: pl.DataFrame) -> list[str]:
    *_, whole = table.iter_rows(named=True)
    counts = f"{whole['images']:,} images, {whole['pairs']:,} pairs, {whole['tasks']} restoration tasks"
    columns = ("dataset", "year", "tasks", "algorithms", "annotation", "images", "labelled", "pairs")
    titles = ("Dataset", "Year", "#Tasks", "#Alg.", "Labels of images", "#Images", "labelled", "#Pairs")
    return [
        f"# {about['name']}",
        f"{counts}, from {table.height - 1} sources. Made by {about['made_by']}. {about['procedure']}",
        f"Preferences: {about['preferences']}",
        "## In the form of the paper's Table 1",
        _table(titles, table.select(columns).iter_rows()),
    ]


def _filters(about: dict[str, Any], taus: pl.DataFrame, counts: pl.DataFrame) -> list[str]:
    stages = [name.removeprefix("pairs_") for name in counts.columns if name.startswith("pairs_")]
    titles = {"all": "all pairs", "coarse": "after the coarse filter", "jnd": "after the JND filter"}
    columns = [f"pairs_{stage}" for stage in stages] + [f"{what}_{stages[-1]}" for what in ("images", "contents")]
    header = ("Source", "Task", *(titles.get(stage, stage) for stage in stages), "images left", "contents left")
    numbers = counts.select(columns)
    per_task = counts.group_by("task").agg(pl.col(columns).sum()).sort("task")
    rows = [
        *counts.select("source", "task", *columns).iter_rows(),
        *((f"**all**, {task}" if per_task.height > 1 else "**all**", task, *rest) for task, *rest in per_task.rows()),
    ]
    if per_task.height > 1:
        rows.append(("**all**", "", *numbers.sum().row(0)))
    threshold = about["threshold"]
    interval = threshold["interval"]
    ends = f", 95 % interval {interval[0]:.4f} to {interval[1]:.4f}" if interval else ""
    images = threshold["measured on images"]
    measured = f"median over {images:,} images{ends}; threshold.json names them" if images else threshold["origin"]
    noise = threshold["noise"]
    noised = (
        f" They were noised by eq. 2 with the sign `{noise['sign']}` and a gain of {noise['gain']:g}." if noise else ""
    )
    shrunk = " SSIM is that of images shrunk first, as in `ssim.m`." if threshold["matlab downsampling"] else ""
    cropped = about["pairs of two sizes"]
    sizes = f" {cropped:,} of the pairs have images of two sizes; only what they share was compared." if cropped else ""
    return [
        "## Pairs before and after each filter, by source and task",
        _table(header, rows),
        f"JND filter: a pair is kept if its SSIM is at most **{threshold['ssim']:.6f}** ({measured})."
        f"{noised}{shrunk}{sizes}",
        "Coarse filter: a pair is kept if its scores differ by at most tau.",
        _table(
            ("Source", "tau", "on the source's own scale", "spread of labels", "where it comes from"),
            taus.select("source", "tau", "own", "spread", "origin").iter_rows(),
        ),
    ]


def _distributions(pictures: Sequence[str]) -> list[str]:
    words = (
        "Score differences of all pairs, before any filter (the line is the share that a tau would keep), and SSIM of "
        "the pairs that passed the coarse filter. Sources without labels have no score differences."
    )
    return ["## Distributions", words, *pictures]


def _splits(about: dict[str, Any]) -> list[str]:
    rows, notes = [], []
    for name, split in about["splits"].items():
        if "none" in split:
            notes.append(f"No split by {name}: {split['none']}.")
            continue
        rows += [(f"by {name}", side, *split[side].values()) for side in ("train", "test")]
        both = split["on both sides"]
        rows.append((f"by {name}", "on both sides", both["contents"], both["images"], "-"))
    shared = about["one scene"]
    named = "; ".join(" = ".join(scene) for scene in shared[:5]) + ("; ..." if len(shared) > 5 else "")
    scenes = f"{len(shared)} scenes stand under several contents, found by equal files: {named}." if shared else ""
    return [
        "## Splits",
        "By content: no scene stands on both sides. By pair: the paper's protocol, which shares images between the "
        "sides. `fgresq train` draws the same ones from the same share and seed (splits.json).",
        *([_table(("Split", "Side", "Contents", "Images", "Pairs"), rows)] if rows else []),
        *notes,
        f"{scenes or 'No two contents share a file.'} Contents that share the bytes of an image or a reference stay on "
        "one side of the split by content; a scene that was stored anew, or at another size, isn't recognised.",
    ]


def _left_out(table: pl.DataFrame) -> list[str]:
    if not table.height:
        return ["## Left out", "Nothing."]
    keys = ("stage", "source", "kind", "fault")
    counts = table.group_by(keys, maintain_order=True).agg(pl.len(), pl.col("name").first(), pl.col("reason").first())
    rows = [
        (stage, source or "-", kind, "fault" if fault else "by a rule", number, f"{name}: {reason}")
        for stage, source, kind, fault, number, name, reason in counts.iter_rows()
    ]
    titles = ("Step", "Source", "What", "Why", "How many", "the first of them")
    return ["## Left out", "Every one is named in left-out.csv.", _table(titles, rows)]


def _sources(about: dict[str, Any]) -> list[str]:
    rows = [
        (
            source["name"],
            source["licence"] or "not known here",
            source["home_page"] or "-",
            source["citation"] or "-",
        )
        for source in about["sources"]
    ]
    return [
        "## Sources",
        "The images stay where they are and under their authors' licences; this data set names their paths (files.csv "
        "holds their hashes). What isn't known here has to be asked of the authors.",
        _table(("Source", "Licence", "Home page", "Citation"), rows),
    ]


def _panels(taus: pl.DataFrame, differences: pl.DataFrame) -> list[Differences]:
    panels = []
    for source, own, spread in taus.select("source", "own", "spread").iter_rows():
        found = differences.filter(source=source)
        counts: dict[str, list[int]] = {}
        for task, place, pairs in found.select("task", "bin", "pairs").iter_rows():
            bins = counts.setdefault(task, [])
            bins.extend([0] * (place + 1 - len(bins)))
            bins[place] = pairs
        if spread is not None and counts:
            panels.append(Differences(source, spread, None if own is None else own / spread, counts, _DIFFERENCE_BINS))
    return panels


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int):
        return f"{value:,}"
    return " ".join(str(value).split()).replace("|", "\\|")


def _json(folder: Path, name: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads((folder / name).read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{folder / name}: can't be read ({error}); a finished build's folder is needed") from error
    return value


def _csv(folder: Path, name: str) -> pl.DataFrame:
    types = dict.fromkeys(("source", "task", "dataset", "year", "name", "reason", "stage", "kind"), pl.String)
    floats = dict.fromkeys(("own", "spread", "from", "up_to"), pl.Float64)
    try:
        content = (folder / name).read_bytes()
        columns = content.split(b"\n", 1)[0].decode().strip().split(",")
        known = {key: kind for key, kind in {**types, **floats}.items() if key in columns}
        return pl.read_csv(io.BytesIO(content), schema_overrides=known, infer_schema_length=None)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{folder / name}: can't be read ({error}); a finished build's folder is needed") from error
