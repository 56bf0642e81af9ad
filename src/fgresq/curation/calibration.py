"""How far apart the scores of pairs lie, and what each tau_d would keep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from fgresq.curation.filters import CoarseFilter
from fgresq.curation.pairs import pair_batches

BINS = 200
GRID = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
_KEYS = ("source", "task")
_ROUNDING = 1e-9  # as in filters: a difference that is a bin's edge belongs to the bin below


@dataclass(frozen=True)
class Calibration:
    """The distribution of score differences of each source and task.

    Attributes:
        coarse: the filter that was asked about.
        pairs: of each source and task: source, task, pairs, without_scores (pairs that lack one), kept (by the filter).
        histogram: source, task, bin, pairs. Bin k > 0 holds the pairs whose normalised difference is in
            ((k-1)/BINS, k/BINS], bin 0 those that don't differ.
    """

    coarse: CoarseFilter
    pairs: pl.DataFrame
    histogram: pl.DataFrame

    def kept(self, normalised: Sequence[float] = GRID) -> pl.DataFrame:
        """What each of some taus would keep, and what the filter keeps.

        Args:
            normalised: taus as shares of the source's spread; multiples of 1/BINS, above 0.

        Returns:
            source, task, tau (own scale; null for keep-all), normalised (null too where the source has no spread),
            pairs, kept, share, chosen (whether it is the filter's); in the order of tau within source and task.
        """
        rows: list[tuple[object, ...]] = []
        for source, task, pairs, _, chosen in self.pairs.iter_rows():
            spread, threshold = self.coarse.spreads[source], self.coarse.thresholds[source]
            bins = self.histogram.filter(source=source, task=task)
            share = threshold / spread if spread is not None and math.isfinite(threshold) else None
            rows.append((source, task, threshold if math.isfinite(threshold) else None, share, pairs, chosen, True))
            if spread is None:
                continue
            for tau in normalised:
                if share is None or not math.isclose(tau, share):
                    kept = bins.filter(pl.col("bin") <= round(tau * BINS))["pairs"].sum()
                    rows.append((source, task, tau * spread, tau, pairs, kept, False))
        types = {
            **dict.fromkeys(_KEYS, pl.String),
            **dict.fromkeys(("tau", "normalised"), pl.Float64),
            **dict.fromkeys(("pairs", "kept"), pl.Int64),
            "chosen": pl.Boolean,
        }
        table = pl.DataFrame(rows, schema=types, orient="row")
        table = table.with_columns(share=pl.col("kept") / pl.col("pairs"))
        return table.sort(*_KEYS, "tau", nulls_last=True).select(pl.exclude("chosen"), "chosen")

    def counts(self, source: str) -> Mapping[str, Sequence[int]]:
        """Each task's number of pairs in every bin, from 0 to the last that holds one."""
        counts: dict[str, list[int]] = {}
        for task, place, pairs in self.histogram.filter(source=source).select("task", "bin", "pairs").iter_rows():
            bins = counts.setdefault(task, [])
            bins.extend([0] * (place + 1 - len(bins)))
            bins[place] = pairs
        return counts

    def quantiles(self, shares: Sequence[float] = (0.25, 0.5, 0.75)) -> pl.DataFrame:
        """The normalised tau that would keep some shares of the scored pairs, to 1/BINS, rounded up.

        Returns:
            source, task, and one column a share, named by it; null where a source has no scored pair.
        """
        rows: list[tuple[object, ...]] = []
        for source, task in self.pairs.select(_KEYS).iter_rows():
            bins = self.histogram.filter(source=source, task=task).sort("bin")
            total = int(bins["pairs"].sum())
            reached = bins.select("bin", share=pl.col("pairs").cum_sum() / total)
            least = [reached.filter(pl.col("share") >= share)["bin"].min() for share in shares]
            rows.append((source, task, *least))
        types = {**dict.fromkeys(_KEYS, pl.String), **dict.fromkeys(map(str, shares), pl.Float64)}
        return pl.DataFrame(rows, schema=types, orient="row").with_columns(pl.exclude(_KEYS) / BINS)


def calibrate(images: pl.DataFrame, coarse: CoarseFilter) -> Calibration:
    """Look at the score differences of all pairs of some images.

    Pairs are made in batches and only counted, so any number of them fits into memory.

    Args:
        images: `fgresq.curation.tables`.
        coarse: with the thresholds to ask about.
    """
    totals, histograms = [], []
    spreads: Mapping[str, float | None] = coarse.spreads
    for pairs in pair_batches(images):
        kept = coarse.keep(pairs).group_by(_KEYS).len("kept")
        totals.append(
            pairs.group_by(_KEYS)
            .agg(pairs=pl.len(), without_scores=pl.col("mos_difference").null_count())
            .join(kept, on=_KEYS, how="left")
            .with_columns(pl.col("kept").fill_null(0))
        )
        spread = pl.col("source").replace_strict(dict(spreads), return_dtype=pl.Float64)
        place = (pl.col("mos_difference") / spread * BINS * (1 - _ROUNDING)).ceil().cast(pl.Int64)
        histograms.append(pairs.group_by(*_KEYS, bin=place).len("pairs").drop_nulls("bin"))
    return Calibration(
        coarse,
        _added(totals, _KEYS, ("pairs", "without_scores", "kept")),
        _added(histograms, (*_KEYS, "bin"), ("pairs",)),
    )


def _added(parts: Sequence[pl.DataFrame], keys: Sequence[str], counts: Sequence[str]) -> pl.DataFrame:
    """The sum of the parts' counts by their keys."""
    types = {name: pl.String if name in _KEYS else pl.Int64 for name in (*keys, *counts)}
    columns = [pl.col(name).cast(kind) for name, kind in types.items()]
    table = pl.concat([pl.DataFrame(schema=types), *(part.select(columns) for part in parts)])
    return table.group_by(keys).sum().sort(keys)
