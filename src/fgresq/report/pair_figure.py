"""Two images side by side, what every metric says of them, and FGResQ's verdict: the layout of the paper's Figure 6."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fgresq.records import Preference
from fgresq.report.embedding import eight_bit_pixels, image_data_uri
from fgresq.report.pages import asset, content_security_policy, environment, write_page
from fgresq.report.picture import new_figure, save_picture
from fgresq.report.wording import visible_name
from fgresq.results.pair_figure import VERDICTS, PairFigure

PAIR_FIGURE_FORMATS = (".html", ".htm", ".png", ".svg", ".pdf")
_WIDTH, _LINE = 3.4, 0.22  # of a picture and of a line of the table, in inches
_TICK, _CROSS = "\N{CHECK MARK}", "\N{BALLOT X}"
_MARKS = {True: (_TICK, "right"), False: (_CROSS, "wrong"), None: ("", "")}
_COLOURS = {"right": "#1a7f37", "wrong": "#c0392b", "": "#444444"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the table under two images."""

    name: str
    a: str
    b: str
    better: str
    mark: str
    kind: str
    why: str


def write_pair_figures(path: Path, figures: Sequence[PairFigure]) -> None:
    """Write a page (.html), or a picture (.png, .svg, .pdf), one pair under the other.

    Args:
        path: its name says which.
        figures: at least one.

    Raises:
        ImageError: an image can't be read any more.
        OutputError: it can't be written there.
        UserError: a picture is asked for, and matplotlib isn't installed.
    """
    if path.suffix.lower() in (".html", ".htm"):
        _write_html(path, figures)
    else:
        _draw(path, figures)


def _rows(figure: PairFigure) -> list[_Row]:
    rows = []
    for each in figure.metrics:
        mark, kind = _MARKS[figure.agrees(each.preference)]
        arrow = "\N{UPWARDS ARROW}" if each.higher_is_better else "\N{DOWNWARDS ARROW}"
        a, b = ("\N{EN DASH}" if value is None else f"{value:#.4g}" for value in each.values)
        rows.append(_Row(f"{each.metric} {arrow}", a, b, _better(each.preference), mark, kind, each.why_missing))
    compared = figure.comparison
    mark, kind = _MARKS[figure.agrees(compared.preference)]
    scores = f"{compared.score_a:.4f}", f"{compared.score_b:.4f}"
    rows.append(_Row("FGResQ \N{UPWARDS ARROW}", *scores, _better(compared.preference), mark, kind, ""))
    return rows


def _better(preference: Preference | None) -> str:
    return {Preference.A: "A", Preference.B: "B", Preference.EQUAL: "="}[preference] if preference else "\N{EN DASH}"


def _verdict(figure: PairFigure) -> str:
    """FGResQ's answer with its probabilities."""
    each = figure.comparison
    numbers = f"P(A) {each.p_a_better:.2f}, P(B) {each.p_b_better:.2f}, P(equal) {each.p_equal:.2f}"
    return f"FGResQ: {VERDICTS[each.preference]} ({numbers})"


def _truth(figure: PairFigure) -> str:
    """What ticks and crosses go by; empty without any."""
    if not figure.truth_says:
        return ""
    if figure.truth is None:
        return f"{figure.truth_says} has no answer here, so nothing is ticked"
    return f"{_TICK} agrees with {figure.truth_says}: {VERDICTS[figure.truth]}"


def _write_html(path: Path, figures: Sequence[PairFigure]) -> None:
    style = asset("pair_figure.css")
    shown = [
        {
            "title": each.title,
            "images": [
                (letter, name, image_data_uri(Path(file)))
                for letter, name, file in (
                    *zip("AB", each.names, each.paths, strict=True),
                    *([("", "reference", each.reference)] if each.reference is not None else []),
                )
            ],
            "rows": _rows(each),
            "verdict": _verdict(each),
            "truth": _truth(each),
        }
        for each in figures
    ]
    template = environment().get_template("pair_figure.html.j2")
    write_page(path, template.generate(figures=shown, style=style, policy=content_security_policy(style, "")))


def _draw(path: Path, figures: Sequence[PairFigure]) -> None:
    rows = [_rows(each) for each in figures]
    widest = max(2 + (each.reference is not None) for each in figures)
    pixels = [eight_bit_pixels(Path(each.paths[0])) for each in figures]
    pictures = [_WIDTH * image.shape[0] / image.shape[1] + 0.3 for image in pixels]
    tables = [_LINE * (len(each) + 3) for each in rows]
    heights = [0.3 + picture + table for picture, table in zip(pictures, tables, strict=True)]
    whole = new_figure(_WIDTH * widest, sum(heights), "benchmark")
    parts = whole.subfigures(len(figures), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, each, table, ratios in zip(parts, figures, rows, zip(pictures, tables, strict=True), strict=True):
        part.suptitle(visible_name(each.title), fontsize=11, fontweight="bold", parse_math=False)
        grid = part.add_gridspec(2, widest, height_ratios=ratios)
        files = [*each.paths, *([each.reference] if each.reference is not None else [])]
        titles = [f"A: {visible_name(each.names[0])}", f"B: {visible_name(each.names[1])}", "reference"]
        for column, (file, title) in enumerate(zip(files, titles, strict=False)):
            axis = part.add_subplot(grid[0, column])
            axis.imshow(eight_bit_pixels(Path(file)))
            axis.set_title(title, fontsize=9, parse_math=False)
            axis.set_axis_off()
        axis = part.add_subplot(grid[1, :])
        axis.set_axis_off()
        axis.set(xlim=(0, 1), ylim=(len(table) + 2, -1))
        for x, text, side in ((0.5, "A", "right"), (0.66, "B", "right"), (0.78, "better", "center")):
            axis.text(x, -0.5, text, ha=side, va="center", fontsize=9, color="#444444")
        for number, row in enumerate(table):
            weight = "bold" if number == len(table) - 1 else "normal"
            cells = (
                (0.02, row.name, "left"),
                (0.5, row.a, "right"),
                (0.66, row.b, "right"),
                (0.78, row.better, "center"),
            )
            for x, text, side in cells:
                axis.text(x, number + 0.5, text, ha=side, va="center", fontsize=9, fontweight=weight, parse_math=False)
            axis.text(0.88, number + 0.5, row.mark, ha="center", va="center", fontsize=10, color=_COLOURS[row.kind],
                      family="DejaVu Sans")  # fmt: skip
        axis.text(0.02, len(table) + 0.5, _verdict(each), va="center", fontsize=9, fontweight="bold")
        truth = _truth(each)
        axis.text(0.02, len(table) + 1.4, truth, va="center", fontsize=8, color="#444444", parse_math=False)
    save_picture(whole, path)
