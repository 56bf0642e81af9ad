"""What a store holds, for the record: which metrics with which weights, on which data, and what they lack."""

import hashlib
import json
from collections.abc import Sequence

from fgresq.benchmark.coverage import NOT_RUN, Known, coverage
from fgresq.benchmark.sets import BenchmarkSet
from fgresq.benchmark.store import Store
from fgresq.benchmark.tables.labels import Gathered
from fgresq.benchmark.tables.seen import seen_of
from fgresq.results import MetricRecord, SetCoverage, SetRecord

_CARD = (
    *("name", "title", "full_reference", "higher_is_better", "compares"),
    *("engine", "version", "parameters", "settings", "note"),
)


def metric_records(store: Store, gathered: Gathered, known: Known) -> tuple[MetricRecord, ...]:
    """One record a metric, in their order."""
    last_runs = {card.key: last_run for card, last_run in store.metrics()}
    sets, records = gathered.sets, []
    for answers in gathered.answers:
        card = answers.card
        covered, failures = [], {}
        for data in sets:
            found = coverage(card, [data], known, 0, 0)
            failed = [(path, reason) for path, reason in found.failed if reason != NOT_RUN]
            failures.update(dict(failed))
            covered.append(
                SetCoverage(
                    name=data.name,
                    images=found.images,
                    scored=found.scored,
                    failed=len(failed),
                    without_reference=found.without_reference,
                    open=len(found.failed) - len(failed),
                    pairs=found.pairs,
                    compared=found.compared,
                )
            )
        records.append(
            MetricRecord(
                **{name: getattr(card, name) for name in _CARD},
                last_run=last_runs[card.key].isoformat(timespec="seconds"),
                coverage=tuple(covered),
                failures=tuple(failures.items()),
                seen=seen_of(answers),
            )
        )
    return tuple(records)


def set_records(store: Store, sets: Sequence[BenchmarkSet]) -> tuple[SetRecord, ...]:
    """One record a set, in their order."""
    records = []
    for data in sets:
        manifest = data.manifest
        # Read a moment ago by `read_manifest`, which has checked it against the tables.
        document = json.loads((store.root / "sets" / data.name / "manifest.json").read_text(encoding="utf-8"))
        files = {path for image in manifest.images for path in (image.path, image.reference) if path is not None}
        hashes = sorted(state.sha256 for path, state in data.files.items() if path in files and state.sha256)
        records.append(
            SetRecord(
                name=data.name,
                origin=str(manifest.about.get("read from", "")),
                images=len(manifest.images),
                contents=len({(image.source, image.content) for image in manifest.images}),
                with_mos=sum(image.mos is not None for image in manifest.images),
                pairs=sum(pair.preference is not None for pair in manifest.pairs),
                tables_sha256=document["sha256"],
                files_sha256=hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
                unreadable=len(files) - len(hashes),
            )
        )
    return tuple(records)
