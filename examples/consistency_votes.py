"""Votes of two studies for `fgresq curate consistency`: `python examples/consistency_votes.py pcuid|ganrest ROOT FILE`.

- pcuid: ROOT holds `MOS.xlsx` and `pair_label.xlsx`. Its MOS is the share of pairs that an image won, computed from
  the very labels that it is compared with; so this shows how far one number an image can hold its pairs, not whether
  two studies agree. Pairs are of mixed contents, so none is given.
- ganrest: ROOT holds `results/jdg.csv`: no MOS, but many observers. Half of them, drawn by a seed, stand for the MOS:
  Bradley-Terry strengths of each content's images from their votes. The votes of the other half are the preferences.
"""

import argparse
import csv
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fgresq.criteria.scaling import fit_davidson
from fgresq.files import written_whole

Row = tuple[str, str, str, float, float, int, str, str]
_DIGITS = 6
HEADER = ("image_a", "image_b", "preference", "mos_a", "mos_b", "votes", "source", "content")


def pcuid(root: Path) -> Iterator[Row]:
    """One preference a pair; 44,850 pairs of 300 images."""
    import openpyxl  # noqa: PLC0415 - the extra `curate`

    sheets = [openpyxl.load_workbook(root / name, read_only=True).active for name in ("MOS.xlsx", "pair_label.xlsx")]
    scores, labels = (list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in sheets)
    mos = {str(row[0]): float(row[1]) for row in scores}
    for first, second, label, *_ in labels:
        a, b = str(first), str(second)
        yield a, b, {1: "A", 0: "equal", -1: "B"}[label], mos[a], mos[b], 1, "pcuid", ""


def ganrest(root: Path, seed: int = 0) -> Iterator[Row]:
    """The votes of one half of the observers beside strengths from the other half."""
    with (root / "results" / "jdg.csv").open(encoding="utf-8-sig", newline="") as file:
        pairs = [row for row in csv.DictReader(file) if row["Image_A"] == row["Image_B"]]
    observers = sorted(key for key in pairs[0] if key.isdigit())
    random.Random(seed).shuffle(observers)  # noqa: S311 - no secret
    scaling, voting = observers[: len(observers) // 2], observers[len(observers) // 2 :]
    for content in sorted({row["Image_A"] for row in pairs}):
        of = [row for row in pairs if row["Image_A"] == content]
        names = sorted({name(row, side) for row in of for side in "AB"})
        wins = np.zeros((len(names), len(names)))
        for row in of:
            a, b = names.index(name(row, "A")), names.index(name(row, "B"))
            wins[a, b] += count(row, scaling, "0")
            wins[b, a] += count(row, scaling, "1")
        fitted = fit_davidson(wins, np.zeros_like(wins)).strengths
        # Two images with the same votes are equally strong, on every machine: the last digits depend on it.
        strength = dict(zip(names, fitted.round(_DIGITS).tolist(), strict=True))
        for row in of:
            a, b = name(row, "A"), name(row, "B")
            for vote, preference in (("0", "A"), ("1", "B")):
                if votes := count(row, voting, vote):
                    yield a, b, preference, strength[a], strength[b], votes, "ganrest", content


def name(row: dict[str, str], side: str) -> str:
    """Of one image: content, model and the quality it was set to."""
    return "_".join(filter(None, (row[f"Image_{side}"], row[f"Model_{side}"], row[f"Quality_{side}"])))


def count(row: dict[str, str], observers: Sequence[str], vote: str) -> int:
    """How many of some observers gave a vote."""
    return sum(row[observer] == vote for observer in observers)


def main() -> None:
    """Write the CSV of one study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=("pcuid", "ganrest"))
    parser.add_argument("root", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    rows = list((pcuid if arguments.study == "pcuid" else ganrest)(arguments.root))
    with written_whole(arguments.output) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
    print(f"{len(rows):,} rows in {arguments.output}")


if __name__ == "__main__":
    main()
