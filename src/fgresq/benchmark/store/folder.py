"""A store: a folder with what was judged (`sets`), by what (`judges`), and the answers (`scores`, `comparisons`).

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

from fgresq.benchmark.judges.base import Declaration, PairVerdict, Verdict
from fgresq.benchmark.sets import BenchmarkSet, FileState
from fgresq.benchmark.store.parts import COMPARISONS, PAUSE, SCORES, PartWriter, read_parts
from fgresq.errors import OutputError, UserError
from fgresq.files import is_ignored, written_whole
from fgresq.locks import is_passing, only_writer
from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.records import Preference
from fgresq.version import __version__

SCHEMA = 1
_FOLDERS = ("sets", "judges", "scores", "comparisons")
_PATIENCE = 60.0  # seconds for another process that adds the same data set

# A judge's key, the hash of the image, and that of the reference if the judge needs one.
ScoreKey = tuple[str, str, str | None]
# A judge's key and the hashes of A and B.
PairKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class KnownJudge:
    """A judge that has worked for this store, and when it last did."""

    declaration: Declaration
    last_run: datetime


@dataclass(frozen=True, slots=True)
class Store:
    """A store that is there and of a form that this version reads."""

    root: Path

    def scores(self) -> dict[ScoreKey, Verdict]:
        """All scores; one that was found later replaces a failure, never the other way round."""
        found: dict[ScoreKey, Verdict] = {}
        for row in read_parts(self.root / "scores", SCORES):
            key = (row["judge"], row["image"], row["reference"])
            if row["score"] is not None or key not in found or found[key].score is None:
                found[key] = Verdict(row["score"], row["error"])
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

    def add_judge(self, declaration: Declaration) -> None:
        """Write down that a judge works for this store now.

        Raises:
            OutputError: it can't be written.
        """
        told = {**declaration.model_dump(), "last_run": datetime.now(UTC).isoformat()}
        with written_whole(self._judge_file(declaration.key)) as temporary:
            temporary.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def has_judge(self, declaration: Declaration) -> bool:
        """Whether a judge has worked for this store, in this version and with these weights and settings."""
        return self._judge_file(declaration.key).exists()

    def judges(self) -> tuple[KnownJudge, ...]:
        """All judges, the one that worked last first.

        Raises:
            UserError: a file of one is damaged.
        """
        found = []
        for path in sorted(path for path in (self.root / "judges").glob("*.json") if not is_ignored(path.name)):
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                last_run = datetime.fromisoformat(told.pop("last_run"))
                found.append(KnownJudge(Declaration(**told), last_run))
            except (OSError, ValueError, KeyError, AttributeError, TypeError, ValidationError) as error:
                reason = str(error).splitlines()[0]
                raise UserError(
                    f"{path}: doesn't declare a judge ({reason}); delete it and run the judge again"
                ) from error
        return tuple(sorted(found, key=lambda judge: judge.last_run, reverse=True))

    def _judge_file(self, key: str) -> Path:
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


def score_row(judge: str, image: str, reference: str | None, verdict: Verdict, path: str) -> dict[str, Any]:
    """A row of `scores`."""
    return {
        "judge": judge,
        "image": image,
        "reference": reference,
        "score": verdict.score,
        "error": verdict.error,
        "path": path,
    }


def comparison_row(judge: str, image_a: str, image_b: str, verdict: PairVerdict) -> dict[str, Any]:
    """A row of `comparisons`."""
    reasons = [f"{side}: {score.error}" for side, score in zip("AB", verdict.scores, strict=True) if score.error]
    return {
        "judge": judge,
        "image_a": image_a,
        "image_b": image_b,
        "preference": None if verdict.preference is None else verdict.preference.value,
        "p_a_better": verdict.p_a_better,
        "p_b_better": verdict.p_b_better,
        "p_equal": verdict.p_equal,
        "error": "; ".join(reasons) or None,
    }


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: can't be made ({error.strerror or error})") from error
