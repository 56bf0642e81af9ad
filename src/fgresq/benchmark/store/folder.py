"""A store: a folder with what was judged (`sets`), by what (`judges`: metrics), and answers (`scores`, `comparisons`).

Its form is described in docs/benchmark.md. Several processes may add to one store at once: they only add files, and a
data set, which is several files, one after the other.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from fgresq.benchmark.sets import BenchmarkSet, FileState
from fgresq.benchmark.store.parts import COMPARISONS, PAUSE, SCORES, PartWriter, read_parts
from fgresq.errors import OutputError, UserError
from fgresq.files import is_ignored, written_whole
from fgresq.locks import is_passing, only_writer
from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.metrics.base import MetricCard, PairScore, Score
from fgresq.records import Preference
from fgresq.version import __version__

SCHEMA = 1
_FOLDERS = ("sets", "judges", "scores", "comparisons")
# What of a metric's card is kept; the rest stands in the catalogue.
_KEPT = frozenset(
    (
        *("name", "metric", "title", "full_reference", "higher_is_better", "compares"),
        *("engine", "version", "parameters", "settings", "note", "seen"),
    )
)
_PATIENCE = 60.0  # seconds for another process that adds the same data set

# A metric's key, the hash of the image, and that of the reference if the metric needs one.
ScoreKey = tuple[str, str, str | None]
# A metric's key and the hashes of A and B.
PairKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Store:
    """A store that is there and of a form that this version reads."""

    root: Path

    def scores(self) -> dict[ScoreKey, Score]:
        """All scores; one that was found later replaces a failure, never the other way round."""
        found: dict[ScoreKey, Score] = {}
        for row in read_parts(self.root / "scores", SCORES):
            key = (row["judge"], row["image"], row["reference"])
            if row["score"] is not None or key not in found or found[key].value is None:
                found[key] = Score(row["score"], row["error"])
        return found

    def comparisons(self) -> dict[PairKey, Preference | None]:
        """All answers for pairs; None where an image couldn't be judged."""
        found: dict[PairKey, Preference | None] = {}
        for row in read_parts(self.root / "comparisons", COMPARISONS):
            key = (row["judge"], row["image_a"], row["image_b"])
            if row["preference"] is not None or found.get(key) is None:
                found[key] = None if row["preference"] is None else Preference(row["preference"])
        return found

    def score_writer(self, pause: float = PAUSE) -> PartWriter:
        """To add scores with; they are on disk within `pause` seconds or with the next one."""
        return PartWriter(self.root / "scores", SCORES, pause)

    def comparison_writer(self, pause: float = PAUSE) -> PartWriter:
        """To add answers for pairs with; as `score_writer`."""
        return PartWriter(self.root / "comparisons", COMPARISONS, pause)

    def add_metric(self, card: MetricCard) -> None:
        """Write down that an identified metric works for this store now.

        Raises:
            OutputError: it can't be written.
        """
        kept = {name: value for name, value in card.model_dump().items() if name in _KEPT}
        document = {**kept, "last_run": datetime.now(UTC).isoformat()}
        with written_whole(self._metric_file(card.key)) as temporary:
            temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def has_metric(self, card: MetricCard) -> bool:
        """Whether a metric has worked for this store, in this version and with these weights and settings."""
        return self._metric_file(card.key).exists()

    def metrics(self) -> tuple[tuple[MetricCard, datetime], ...]:
        """The cards of all metrics with when each last worked, the latest first.

        Raises:
            UserError: a file of one is damaged.
        """
        found = []
        for path in sorted(path for path in (self.root / "judges").glob("*.json") if not is_ignored(path.name)):
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
                last_run = datetime.fromisoformat(document.pop("last_run"))
                card = MetricCard(**document)
                if not (card.metric and card.version):
                    raise ValueError("it says no version")
                found.append((card, last_run))
            except (OSError, ValueError, KeyError, AttributeError, TypeError, ValidationError) as error:
                reason = str(error).splitlines()[0]
                raise UserError(
                    f"{path}: doesn't describe a metric ({reason}); delete it and run the metric again"
                ) from error
        return tuple(sorted(found, key=lambda known: known[1], reverse=True))

    def _metric_file(self, key: str) -> Path:
        return self.root / "judges" / f"{key}.json"

    def add_set(self, data: BenchmarkSet) -> None:
        """Keep a data set's labels, with the hashes of its files; those of an earlier run of the same one are replaced.

        Raises:
            UserError: another data set has this name here.
            OutputError: it can't be written.
        """
        with only_writer(self.root / "sets" / data.name, _PATIENCE):
            self._add_set(data, self.root / "sets" / data.name)

    def _add_set(self, data: BenchmarkSet, folder: Path) -> None:
        origin = data.manifest.about["read from"]
        if (folder / "manifest.json").exists():
            other = read_manifest(folder).about.get("read from")
            if other != origin:
                raise UserError(
                    f"{self.root}: its set {data.name} was read from {other}, not from {origin}; give one of them "
                    f"another name with NAME=PATH, or delete {folder}"
                )
        rows = [{"path": path, **asdict(state)} for path, state in data.files.items()]
        content = io.BytesIO()
        pl.DataFrame(rows, schema={"path": pl.String, "sha256": pl.String, "error": pl.String}).write_parquet(content)
        with written_whole(folder / "files.parquet") as temporary:
            temporary.write_bytes(content.getvalue())
        write_manifest(Manifest(folder, data.manifest.images, data.manifest.pairs, data.manifest.about))

    def sets(self) -> tuple[BenchmarkSet, ...]:
        """All data sets, in name order.

        Raises:
            ManifestError, UserError: one is damaged.
        """
        folders = sorted(path.parent for path in (self.root / "sets").glob("*/manifest.json"))
        return tuple(self._set(folder) for folder in folders if not is_ignored(folder.name))

    def _set(self, folder: Path) -> BenchmarkSet:
        path = folder / "files.parquet"
        try:
            rows = pl.read_parquet(io.BytesIO(path.read_bytes())).select("path", "sha256", "error").rows()
        except (OSError, pl.exceptions.PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"{path}: can't be read ({reason}); run the benchmark of {folder.name} again") from error
        return BenchmarkSet(folder.name, read_manifest(folder), {name: FileState(*state) for name, *state in rows})


def open_store(root: Path) -> Store:
    """A store that is there.

    Raises:
        UserError: it isn't one, or a newer version of fgresq wrote it.
    """
    path = root / "store.json"
    try:
        told: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema = told["schema"]
    except FileNotFoundError as error:
        raise UserError(f"{root}: holds no store.json; a folder that `fgresq benchmark run` wrote is needed") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: isn't the description of a store ({type(error).__name__}: {error})") from error
    if not isinstance(schema, int) or schema > SCHEMA:
        raise UserError(
            f"{root}: is a store of schema {schema!r}, written by fgresq {told.get('fgresq', 'of a newer version')}; "
            f"this version ({__version__}) reads up to {SCHEMA}: use a newer fgresq, or another folder"
        )
    return Store(root)


def create_store(root: Path) -> Store:
    """The store at a place, made if there is none.

    Raises:
        UserError: as `open_store`; or the folder holds something else.
        OutputError: it can't be made.
    """
    if not (root / "store.json").exists():
        # Another process may be making the store just now.
        if root.is_dir() and any(not is_passing(path.name) for path in root.iterdir()):
            raise UserError(f"{root}: isn't empty and holds no store; name a new folder")
        _make_folder(root)
        with written_whole(root / "store.json") as temporary:
            temporary.write_text(json.dumps({"schema": SCHEMA, "fgresq": __version__}) + "\n", encoding="utf-8")
    store = open_store(root)
    for name in _FOLDERS:
        _make_folder(root / name)
    return store


def score_row(metric: str, image: str, reference: str | None, score: Score, path: str) -> dict[str, Any]:
    """A row of `scores`."""
    return {
        "judge": metric,
        "image": image,
        "reference": reference,
        "score": score.value,
        "error": score.error,
        "path": path,
    }


def comparison_row(metric: str, image_a: str, image_b: str, answer: PairScore) -> dict[str, Any]:
    """A row of `comparisons`."""
    reasons = [f"{side}: {score.error}" for side, score in zip("AB", answer.scores, strict=True) if score.error]
    return {
        "judge": metric,
        "image_a": image_a,
        "image_b": image_b,
        "preference": None if answer.preference is None else answer.preference.value,
        "p_a_better": answer.p_a_better,
        "p_b_better": answer.p_b_better,
        "p_equal": answer.p_equal,
        "error": "; ".join(reasons) or None,
    }


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: can't be made ({error.strerror or error})") from error
