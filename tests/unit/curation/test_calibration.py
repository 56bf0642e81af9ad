import numpy as np
import polars as pl
import pytest
from tests.unit.curation.images import table

import fgresq.curation.pairs
from fgresq.curation.calibration import BINS, calibrate
from fgresq.curation.filters import CoarseFilter
from fgresq.curation.pairs import all_pairs
from fgresq.curation.tau import Tau

GENERATOR = np.random.default_rng(7)
IMAGES = table(
    *(("mine", "Denoising", f"c{n}", None, [*GENERATOR.uniform(0, 100, 9).round(1), None]) for n in range(8)),
    ("mine", "Deraining", "c1", None, [0.0, 100.0, 0.0]),
    ("bare", "Dehazing", "c1", None, [None, None, None]),
)
SPREAD = 100.0


@pytest.fixture(params=[2_000_000, 40], ids=["one batch", "many batches"])
def calibration(request, monkeypatch):
    def in_batches(images):
        return fgresq.curation.pairs.pair_batches(images, request.param)

    monkeypatch.setattr("fgresq.curation.calibration.pair_batches", in_batches)
    return calibrate(IMAGES, CoarseFilter.for_images(IMAGES, {"mine": Tau(own=12.5), "bare": Tau()}))


def differences(task):
    return all_pairs(IMAGES).filter(task=task)["mos_difference"].drop_nulls().to_numpy()


def test_totals(calibration):
    assert calibration.pairs.rows() == [
        ("bare", "Dehazing", 3, 3, 3),
        ("mine", "Denoising", 8 * 45, 8 * 9, int((differences("Denoising") <= 12.5 + 1e-9).sum())),
        ("mine", "Deraining", 3, 0, 1),
    ]


def test_what_each_tau_keeps_is_what_numpy_counts(calibration):
    taus = [0.005, 0.05, 0.1, 0.335, 1.0]
    kept = calibration.kept(taus)
    for row in kept.filter(source="mine").iter_rows(named=True):
        count = int((differences(row["task"]) <= row["tau"] + 1e-9).sum())
        assert row["kept"] == count
        assert row["share"] == count / row["pairs"]
        assert row["tau"] == pytest.approx(row["normalised"] * SPREAD)
    denoising = kept.filter(task="Denoising")
    assert denoising["normalised"].to_list() == [0.005, 0.05, 0.1, 0.125, 0.335, 1.0]
    assert denoising.filter("chosen")["tau"].to_list() == [12.5]


def test_a_source_without_labels_is_kept_whole(calibration):
    assert calibration.kept([0.1]).filter(source="bare").rows() == [("bare", "Dehazing", None, None, 3, 3, 1.0, True)]
    assert calibration.counts("bare") == {}


def test_a_tau_of_the_grid_that_is_chosen_stands_once():
    coarse = CoarseFilter.for_images(IMAGES.filter(source="mine"), {"mine": Tau(normalised=0.1)})
    kept = calibrate(IMAGES.filter(source="mine"), coarse).kept([0.05, 0.1]).filter(task="Denoising")
    assert kept.select("normalised", "chosen").rows() == [(0.05, False), (0.1, True)]


def test_bins_end_where_they_say(calibration):
    counts = calibration.counts("mine")
    assert counts["Deraining"][0] == 1
    assert counts["Deraining"][BINS] == 2
    assert sum(counts["Deraining"]) == 3
    edges = np.arange(BINS + 1) / BINS * SPREAD
    by_numpy = [int((differences("Denoising") <= edge + 1e-9).sum()) for edge in edges[: len(counts["Denoising"])]]
    assert np.cumsum(counts["Denoising"]).tolist() == by_numpy


def test_quantiles_are_the_least_tau_that_keeps_the_share(calibration):
    (row,) = calibration.quantiles([0.25, 0.9]).filter(task="Denoising").rows()
    normalised = np.sort(differences("Denoising")) / SPREAD
    for share, tau in zip([0.25, 0.9], row[2:], strict=True):
        assert (normalised <= tau + 1e-9).mean() >= share
        assert (normalised <= tau - 1 / BINS + 1e-9).mean() < share
    assert calibration.quantiles([0.5]).filter(source="bare").rows() == [("bare", "Dehazing", None)]


def test_a_constant_source_has_no_grid():
    same = table(("mine", "Deraining", "c1", None, [2.0, 2.0]))
    found = calibrate(same, CoarseFilter.for_images(same, {"mine": Tau(own=1)}))
    assert found.kept().rows() == [("mine", "Deraining", 1.0, None, 1, 1, 1.0, True)]
    assert found.histogram.height == 0


def test_types_of_the_tables(calibration):
    assert dict(calibration.kept().schema) == {
        **dict.fromkeys(("source", "task"), pl.String),
        **dict.fromkeys(("tau", "normalised"), pl.Float64),
        **dict.fromkeys(("pairs", "kept"), pl.Int64),
        "share": pl.Float64,
        "chosen": pl.Boolean,
    }
