"""The coarse filter (eq. 1): a pair whose scores lie far apart isn't fine-grained."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from fgresq.curation.sources import SOURCES
from fgresq.curation.tau import KEEP_ALL, Tau
from fgresq.errors import UserError
from fgresq.names import first_few, nearest

# 4.57 - 4.47 is 0.1 and a rounding error; labels of two digits stand at a threshold of two digits often.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class CoarseFilter:
    """Keep a pair if its scores differ by at most its source's tau.

    F_coarse(A, B) = 1 if |s_A - s_B| <= tau_d, else 0

    Attributes:
        thresholds: source to tau_d on the source's own scale; infinite keeps every pair, also one without scores.
        spreads: source to what a normalised difference is divided by; None where a source has no two different labels.

    Reference:
        Sheng et al., eq. 1.
    """

    thresholds: Mapping[str, float]
    spreads: Mapping[str, float | None]

    @staticmethod
    def for_images(images: pl.DataFrame, taus: Mapping[str, Tau]) -> "CoarseFilter":
        """Settle the thresholds of the sources of some images.

        Args:
            images: `fgresq.curation.tables`.
            taus: source to tau_d; every source is named, since nobody else's threshold fits.

        Raises:
            UserError: a source has no tau (our defaults are listed), a tau names a source that has no images, a source
                without labels has another tau than keep-all, or a normalised tau meets labels that don't differ.
        """
        labels = (
            images.filter(pl.col("task").is_not_null()).group_by("source").agg(pl.col("mos").count()).sort("source")
        )
        names = labels["source"].to_list()
        if not names:
            raise UserError("none of these images has a restoration task, so there is nothing to pair")
        without = [name for name in names if name not in taus]
        if without:
            defaults = ", ".join(f"{name} {default_tau(name)}" for name in without)
            raise UserError(f"no tau is given for {first_few(without)}; our defaults, to be judged first: {defaults}")
        unused = [name for name in taus if name not in names]
        if unused:
            raise UserError(f"tau is given for {first_few(unused)}, which has no images; {nearest(unused[0], names)}")
        unlabelled = [name for name in labels.filter(pl.col("mos") == 0)["source"] if not taus[name].keeps_all]
        if unlabelled:
            raise UserError(
                f"no image of {first_few(unlabelled)} has a label, so no pair could pass; set its tau to {KEEP_ALL}"
            )
        spreads = label_spreads(images)
        return CoarseFilter({name: taus[name].on_own_scale(spreads[name], name) for name in names}, spreads)

    def keep(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs that pass, in their order.

        A pair without scores passes only where every pair does.

        Args:
            pairs: `fgresq.curation.tables`.
        """
        tau = pl.col("source").replace_strict(dict(self.thresholds), return_dtype=pl.Float64)
        return pairs.filter((pl.col("mos_difference") <= tau * (1 + _ROUNDING)) | tau.is_infinite())


def default_tau(source: str) -> Tau:
    """Our default for a source, or, for one that isn't declared, the manifest's."""
    return SOURCES.get(source, SOURCES["manifest"]).tau


def label_spreads(images: pl.DataFrame) -> Mapping[str, float | None]:
    """What a normalised difference is divided by, for each source.

    That is declared where the scale is known, so that it doesn't depend on which images are looked at. Elsewhere it is
    the range of the labels that are there; None where there are no two different ones.
    """
    observed = images.group_by("source").agg(spread=pl.col("mos").max() - pl.col("mos").min())
    return {
        name: SOURCES[name].labels.declared_spread
        if name in SOURCES and SOURCES[name].labels.declared_spread is not None
        else spread or None
        for name, spread in observed.sort("source").iter_rows()
    }
