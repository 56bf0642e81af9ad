import math

import polars as pl
import pytest
from tests.unit.curation.images import table

from fgresq.curation.filters import CoarseFilter, default_tau, label_spreads
from fgresq.curation.pairs import all_pairs
from fgresq.curation.sources import SOURCES
from fgresq.curation.tau import Tau
from fgresq.errors import UserError

IMAGES = table(
    ("KADID-10k", "Denoising", "I01", None, [4.47, 4.57, 4.58, None]),
    ("mine", "Deraining", "c1", None, [10.0, 20.0, 50.0]),
    ("bare", "Dehazing", "c1", None, [None, None]),
)
TAUS = {"KADID-10k": Tau(own=0.1), "mine": Tau(normalised=0.25), "bare": Tau()}


def test_a_pair_passes_if_its_scores_differ_by_at_most_tau():
    coarse = CoarseFilter.for_images(IMAGES, TAUS)
    assert coarse.thresholds == {"KADID-10k": 0.1, "mine": 10.0, "bare": math.inf}
    pairs = all_pairs(IMAGES)
    kept = coarse.keep(pairs)
    assert kept.columns == pairs.columns
    # 4.57 - 4.47 is 0.1 but for rounding, and 4.58 - 4.47 is more; no pair with the unlabelled image passes.
    assert kept.select("image_a", "image_b").rows() == [
        ("KADID-10k/Denoising/I01/00", "KADID-10k/Denoising/I01/01"),
        ("KADID-10k/Denoising/I01/01", "KADID-10k/Denoising/I01/02"),
        ("bare/Dehazing/c1/00", "bare/Dehazing/c1/01"),
        ("mine/Deraining/c1/00", "mine/Deraining/c1/01"),
    ]


def test_keep_all_keeps_all():
    pairs = all_pairs(IMAGES)
    assert CoarseFilter.for_images(IMAGES, dict.fromkeys(TAUS, Tau())).keep(pairs).equals(pairs)


def test_a_declared_spread_does_not_depend_on_the_images():
    spreads = label_spreads(IMAGES)
    assert spreads == {"KADID-10k": pytest.approx(3.93), "bare": None, "mine": 40.0}
    assert label_spreads(IMAGES.head(1)) == {"KADID-10k": pytest.approx(3.93)}


def test_every_source_needs_a_tau_and_the_defaults_are_told():
    with pytest.raises(UserError, match=r"no tau is given for mine; our defaults.*: mine normalised:0\.1"):
        CoarseFilter.for_images(IMAGES, {name: TAUS[name] for name in ("KADID-10k", "bare")})


def test_a_tau_of_no_source():
    with pytest.raises(UserError, match="tau is given for KADID-10, which has no images; did you mean KADID-10k"):
        CoarseFilter.for_images(IMAGES, {**TAUS, "KADID-10": Tau(own=1)})


def test_a_source_without_labels_needs_keep_all():
    with pytest.raises(UserError, match="no image of bare has a label, so no pair could pass; set its tau to keep-all"):
        CoarseFilter.for_images(IMAGES, {**TAUS, "bare": Tau(own=5)})


def test_labels_that_do_not_differ_have_no_spread():
    same = table(("mine", "Deraining", "c1", None, [2.0, 2.0]))
    with pytest.raises(UserError, match="mine: a normalised tau needs the spread"):
        CoarseFilter.for_images(same, {"mine": Tau(normalised=0.1)})
    assert CoarseFilter.for_images(same, {"mine": Tau(own=0.1)}).keep(all_pairs(same)).height == 1


def test_images_without_a_task():
    with pytest.raises(UserError, match="none of these images has a restoration task"):
        CoarseFilter.for_images(IMAGES.with_columns(task=pl.lit(None, pl.String)), {})


def test_defaults():
    assert default_tau("PIPAL") == SOURCES["PIPAL"].tau
    assert default_tau("never heard of") == SOURCES["manifest"].tau
