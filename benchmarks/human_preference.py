"""Judged by people: `python benchmarks/human_preference.py --store scores.json [JUDGE...]`.

Three sets in ../shared/data that nothing here was trained on. Every judge gives each image one score, stored; what is
computed comes from the store, so a judge that is added costs only its own work. FGResQ also compares two images by a
head of its own, which is how the paper counts its ACC: a second row, `(comparing)`, has its pairs judged in that way.

- ganrest: share of the judged pairs of one content in which the image that most of 31 observers preferred has the
  higher score (pairs split evenly are left out; equal scores count one half), and the share of observers that the
  higher score agrees with.
- pcuid: share of the labelled pairs (label 0 left out) ordered as labelled, over mixed contents; SRCC with MOS.
- sr4kiqa: SRCC with MOS within each of four contents, the mean.
- mean: of ganrest's and pcuid's accuracy and sr4kiqa's SRCC.

Intervals: 95 % percentiles of 2,000 resamples of contents (ganrest 8, sr4kiqa 4), of images for pcuid. Four contents
are few: such intervals are too short. Judges are `compact`, a weights file, or a metric of `fgresq.metrics`.
"""

import argparse
import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fgresq.criteria.correlation import srcc
from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.metrics.native import metric

SHARED = Path(__file__).parents[2] / "shared" / "data"
CALIBRATION = SHARED / "calibration"
CLASSICAL = ("psnr", "ssim", "niqe", "niqe-fgresq-bsds500", "brisque", "piqe", "sharpness")
PARAMETERS = {"niqe": CALIBRATION / "niqe_modelparameters.mat", "brisque": CALIBRATION}
RESAMPLES = 2000

Floats = NDArray[np.float64]
Judge = Callable[[Path, Path | None], float]
Leads = Mapping[tuple[str, str], float]
COMPARING = " (comparing)"


@dataclass(frozen=True, slots=True)
class Study:
    """Images and what people said of them.

    Attributes:
        images: by name: file, content, and the reference's file where there is one.
        mos: by name, higher is better.
        pairs: names of A and B, and the shares of observers who preferred each.
    """

    images: Mapping[str, tuple[Path, str, Path | None]]
    mos: Mapping[str, float]
    pairs: tuple[tuple[str, str, float, float], ...]


def ganrest() -> Study:
    """456 pairs of restorations, 31 observers."""
    root = SHARED / "ganrest"
    images, pairs = {}, []
    with (root / "results" / "jdg.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            names = []
            for side in "AB":
                number = f"{int(row[f'Image_{side}']):05d}"
                model, quality = row[f"Model_{side}"], row[f"Quality_{side}"]
                name = f"{number}_{model}_{quality}" if quality else f"{number}_{model}"
                folder = model.capitalize() if model == "original" else model
                path = root / "images" / folder / f"{name}.png"
                reference = root / "images" / "Original" / f"{number}_original.png"
                if path.is_file():
                    images[name] = (path, number, reference if reference.is_file() else None)
                names.append(name)
            votes = [int(row[key]) for key in row if key.isdigit()]
            if all(name in images for name in names) and row["Image_A"] == row["Image_B"]:
                pairs.append((names[0], names[1], votes.count(0) / len(votes), votes.count(1) / len(votes)))
    return Study(images, {}, tuple(pairs))


def pcuid() -> Study:
    """160 enhanced underwater photographs."""
    import openpyxl

    root = SHARED / "pcuid"
    images = {path.stem: (path, path.stem, None) for path in sorted(root.glob("*.jpg"))}
    sheets = [openpyxl.load_workbook(root / name, read_only=True).active for name in ("MOS.xlsx", "pair_label.xlsx")]
    scores, labels = (list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in sheets)
    mos = {str(row[0]): float(row[1]) for row in scores if str(row[0]) in images}
    pairs = [
        (str(row[0]), str(row[1]), float(row[2] == 1), float(row[2] == -1))
        for row in labels
        if str(row[0]) in images and str(row[1]) in images
    ]
    return Study(images, mos, tuple(pairs))


def sr4kiqa() -> Study:
    """Super-resolution of four contents to 4K."""
    root = SHARED / "sr4kiqa"
    with (root / "MOS.csv").open(encoding="utf-8", newline="") as file:
        labels = {row[0]: float(row[2]) for row in csv.reader(file)}
    images, mos = {}, {}
    for name, value in labels.items():
        content = name.split("_")[0]
        path = root / content / name
        if path.is_file():
            references = sorted((root / "reference").glob(f"{content}*"))
            images[name], mos[name] = (path, content, references[0] if references else None), value
    return Study(images, mos, ())


STUDIES: Mapping[str, Callable[[], Study]] = {"ganrest": ganrest, "pcuid": pcuid, "sr4kiqa": sr4kiqa}


def judge(name: str) -> Judge:
    """A metric by its name; anything else is a name or file of weights."""
    if name in CLASSICAL:
        measure = metric(name, parameters=PARAMETERS.get(name))

        def classical(path: Path, reference: Path | None) -> float:
            image = to_unit(decode(path))
            if not measure.card.full_reference:
                return measure.card.oriented(measure(image))
            if reference is None:
                return float("nan")
            pristine = to_unit(decode(reference))
            height, width = (min(x, y) for x, y in zip(image.shape[:2], pristine.shape[:2], strict=True))
            return measure.card.oriented(measure(image[:height, :width], pristine[:height, :width]))

        return classical
    import fgresq

    scorer = fgresq.load(name, device="cpu")
    return lambda path, _: float(scorer.score(path).score)


def scored(name: str, study: str, images: Study, store: dict[str, dict[str, float]]) -> dict[str, float]:
    """Scores of all images of a study, from the store where they are there."""
    known = store.setdefault(f"{study}/{name}", {})
    todo = [image for image in images.images if image not in known]
    if todo:
        one = judge(name)
        for image in track(todo, f"{name} on {study}", transient=True):
            known[image] = one(images.images[image][0], images.images[image][2])
    return known


def leads_of_scores(study: Study, scores: Mapping[str, float]) -> Leads:
    """By how much A's score leads B's; two infinite PSNR have no difference."""
    return {(a, b): scores[a] - scores[b] if scores[a] != scores[b] else 0.0 for a, b, *_ in study.pairs}


def leads_of_comparisons(weights: str, study: Study, known: dict[str, float]) -> Leads:
    """P(A better) - P(B better) of each pair, from the store where it is there; each image is encoded once."""
    import torch

    import fgresq

    if study.pairs and not known:
        scorer = fgresq.load(weights, device="cpu")
        names = sorted(study.images)
        features = torch.stack([scorer.features(study.images[n][0])[0] for n in track(names, weights, transient=True)])
        with torch.inference_mode():
            preferences = scorer.model.all_preferences(features)
        lead = (preferences[..., 0] - preferences[..., 1]).tolist()
        place = {name: number for number, name in enumerate(names)}
        known.update({f"{a} {b}": lead[place[a]][place[b]] for a, b, *_ in study.pairs})
    return {(a, b): known[f"{a} {b}"] for a, b, *_ in study.pairs}


def pair_numbers(study: Study, leads: Leads) -> tuple[Floats, Floats, list[tuple[str, str]]]:
    """For every pair with a clear preference: won (1, 1/2 or 0), share of observers agreed with, contents of both."""
    won, agreed, of = [], [], []
    for a, b, for_a, for_b in study.pairs:
        if for_a == for_b:
            continue
        lead = leads[a, b]
        right = 0.5 if lead == 0 else float((lead > 0) == (for_a > for_b))
        share = 0.5 if lead == 0 else (for_a if lead > 0 else for_b) / (for_a + for_b)
        won.append(right)
        agreed.append(share)
        of.append((study.images[a][1], study.images[b][1]))
    return np.array(won), np.array(agreed), of


def resamples(contents: list[str], generator: np.random.Generator) -> list[dict[str, int]]:
    """How often each content is drawn in each resample; the first is the data as they are."""
    draws = generator.multinomial(len(contents), np.full(len(contents), 1 / len(contents)), size=RESAMPLES)
    return [dict.fromkeys(contents, 1), *(dict(zip(contents, row.tolist(), strict=True)) for row in draws)]


def weighted(values: Floats, of: list[tuple[str, str]], counts: list[dict[str, int]]) -> Floats:
    """Mean in every resample; a pair of one content counts as often as it, one of two contents the product."""
    weights = np.array([[c[a] if a == b else c[a] * c[b] for a, b in of] for c in counts], dtype=np.float64)
    return (weights @ values) / np.maximum(weights.sum(axis=1), 1e-9)


def evaluate(name: str, studies: Mapping[str, Study], store: dict[str, dict[str, float]]) -> dict[str, Floats]:
    """Every figure of a judge, in the data and in all resamples."""
    generator = np.random.default_rng(0)
    found: dict[str, Floats] = {}
    weights = name.removesuffix(COMPARING)
    for key, whole in studies.items():
        study, scores = whole, scored(weights, key, whole, store)
        missing = [image for image, score in scores.items() if np.isnan(score)]
        if missing and key == "pcuid":
            continue  # no references there
        if missing:
            images, mos = ({name: of[name] for name in of if name not in missing} for of in (study.images, study.mos))
            kept = tuple(pair for pair in study.pairs if pair[0] not in missing and pair[1] not in missing)
            study = Study(images, mos, kept)
        contents = sorted({image[1] for image in study.images.values()})
        counts = resamples(contents, generator)
        if study.pairs:
            if weights == name:
                leads = leads_of_scores(study, scores)
            else:
                leads = leads_of_comparisons(weights, study, store.setdefault(f"{key}/{name}", {}))
            won, agreed, of = pair_numbers(study, leads)
            found[f"{key} acc"] = weighted(won, of, counts)
            if key == "ganrest":
                found["ganrest votes"] = weighted(agreed, of, counts)
            found[f"{key} n"] = np.array([len(won)], dtype=np.float64)
        if study.mos:
            found[f"{key} srcc"] = correlations(study, scores, contents, counts, within=key == "sr4kiqa")
    parts = [found.get(part) for part in ("ganrest acc", "pcuid acc", "sr4kiqa srcc")]
    if all(part is not None for part in parts):
        found["mean"] = np.mean([part for part in parts if part is not None], axis=0)
    return found


def correlations(
    study: Study, scores: Mapping[str, float], contents: list[str], counts: list[dict[str, int]], *, within: bool
) -> Floats:
    """SRCC with MOS over all images, or the mean of that within each content."""
    names = list(study.mos)
    x, y = (np.array([table[name] for name in names]) for table in (scores, study.mos))
    of = np.array([study.images[name][1] for name in names])
    if within:
        each = {content: defined(srcc(x[of == content], y[of == content])) for content in contents}
        return np.array([sum(c[k] * each[k] for k in contents) / sum(c.values()) for c in counts])
    place = np.array([contents.index(content) for content in of])
    rows = [np.repeat(np.arange(len(names)), [c[contents[p]] for p in place]) for c in counts]
    return np.array([defined(srcc(x[row], y[row])) for row in rows])


def defined(value: float | None) -> float:
    """A correlation that there is; one that is undefined would make a mean of the rest look whole."""
    if value is None:
        raise ValueError("a correlation is undefined: fewer than three images, or equal scores")
    return value


def shown(values: Floats | None) -> str:
    """A figure with its interval."""
    if values is None:
        return "-"
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Score what isn't stored, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("judges", nargs="*", default=[*CLASSICAL, "compact"])
    parser.add_argument("--store", type=Path, default=Path("human_preference.json"))
    arguments = parser.parse_args()
    studies = {name: read() for name, read in STUDIES.items()}
    store = json.loads(arguments.store.read_text()) if arguments.store.is_file() else {}
    columns = ("ganrest acc", "ganrest votes", "pcuid acc", "pcuid srcc", "sr4kiqa srcc", "mean")
    table = Table("judge", *columns, box=None)
    judges = [row for name in arguments.judges for row in ((name,) if name in CLASSICAL else (name, name + COMPARING))]
    means: dict[str, Floats] = {}
    for name in judges:
        found = evaluate(name, studies, store)
        means |= {name: found["mean"]} if "mean" in found else {}
        arguments.store.write_text(json.dumps(store))
        table.add_row(Path(name).name, *(shown(found.get(column)) for column in columns))
    table.add_row("chance", "0.5", "0.5", "0.5", "0", "0", "0.333")
    console = Console(width=180)
    for name, study in studies.items():
        console.print(f"{name}: {len(study.images)} images, {len(study.pairs)} pairs, {len(study.mos)} MOS")
    console.print(table)
    for name in sorted(means.keys() - set(CLASSICAL)):
        for other in sorted(means.keys() & set(CLASSICAL)):
            # Every judge is evaluated on the same resamples, so their difference has an interval of its own.
            console.print(f"{Path(name).name}: leads {other} on the mean by {shown(means[name] - means[other])}")


if __name__ == "__main__":
    main()
