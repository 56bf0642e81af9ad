"""The native metrics against official scores, and what we record ourselves where those aren't at hand.

The official rows (`ResultsCalibra`): `niqe`, `ilniqe` and `brisque` are the authors' MATLAB releases, NIQE and BRISQUE
on MATLAB's rgb2gray; `piqe` is MATLAB's own function. `niqe_matlab` and `brisque_matlab` are MATLAB's own functions
with models of their own, which aren't at hand, so nothing is held to them.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fgresq.metrics import brisque as brisque_module
from fgresq.metrics import niqe as niqe_module
from fgresq.metrics.brisque import brisque, brisque_features, read_model
from fgresq.metrics.ilniqe import block_features
from fgresq.metrics.ms_ssim import WEIGHTS, similarities
from fgresq.metrics.native import metric
from fgresq.metrics.natural_scenes.contrast import Contrast, normalised_contrast
from fgresq.metrics.natural_scenes.enriched import features as features_module
from fgresq.metrics.natural_scenes.enriched.gradients import Gradient, gradient
from fgresq.metrics.natural_scenes.planes import grey_levels
from fgresq.metrics.natural_scenes.pristine import read_pristine_model
from fgresq.metrics.niqe import fit_pristine, niqe, own_model

IMAGES = ("I03", "I04", "I06", "I08", "I19")
GOLDEN = Path(__file__).parent / "golden_classical_metrics.json"
# Relative to the official score. I04 has no flat area; in the others' the releases count the signs of rounding errors.
NIQE_TOLERANCE = {"I03": 6e-4, "I04": 1e-9, "I06": 5e-4, "I08": 6e-3, "I19": 4e-3}
BRISQUE_TOLERANCE = {"I03": 3e-5, "I04": 1e-5, "I06": 2e-3, "I08": 0.103, "I19": 0.031}
ILNIQE_TOLERANCE = {"I03": 2e-4, "I04": 1e-5, "I06": 3e-5, "I08": 1.6e-3, "I19": 1.3e-3}
# The signs of the rounding errors in the mean of I08's six flat levels, found by trying all 729 combinations on NIQE.
SIGNS = {162: -1, 140: -1, 87: -1, 85: 0, 103: 0, 74: -1}


@pytest.fixture(scope="module")
def calibration(shared):
    return shared / "data" / "calibration"


@pytest.fixture(scope="module")
def official(calibration):
    with (calibration / "ResultsCalibra" / "results_official.csv").open() as rows:
        return {row["Method"]: {name: float(row[f"{name}.bmp"]) for name in IMAGES} for row in csv.DictReader(rows)}


@pytest.fixture(scope="module")
def pictures(calibration):
    folders = {kind: calibration / "ResultsCalibra" / f"{kind}_dir" for kind in ("dist", "ref")}
    return {kind: {name: read(folder / f"{name}.bmp") for name in IMAGES} for kind, folder in folders.items()}


@pytest.fixture(scope="module")
def judge_ilniqe(calibration):
    return metric("ilniqe", calibration)


def read(path):
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / np.float32(255)


def leaning(signs):
    """`normalised_contrast` with signs in flat areas, by grey level, as rounding errors put them there."""

    def contrast(plane, border):
        normalised, deviation = normalised_contrast(plane, border)
        for level, sign in signs.items():
            normalised[(deviation == 0) & (plane == level)] = sign * 1e-14
        return Contrast(normalised, deviation)

    return contrast


@pytest.mark.shared
@pytest.mark.parametrize("name", IMAGES)
def test_niqe(name, calibration, official, pictures):
    for file in ("niqe_modelparameters.mat", "niqe_pris_params.npz"):
        score = niqe(pictures["dist"][name], read_pristine_model(calibration / file))
        assert score == pytest.approx(official["niqe"][name], rel=NIQE_TOLERANCE[name])


@pytest.mark.shared
@pytest.mark.parametrize("name", IMAGES)
def test_brisque(name, calibration, official, pictures):
    score = brisque(pictures["dist"][name], read_model(calibration))
    assert score == pytest.approx(official["brisque"][name], rel=BRISQUE_TOLERANCE[name])


@pytest.mark.shared
def test_rounding_errors_in_flat_areas_are_all_that_differs(calibration, official, pictures, monkeypatch):
    # The same signs bring both metrics to the official scores of I08, NIQE's to nine digits: nothing else differs.
    monkeypatch.setattr(niqe_module, "normalised_contrast", leaning(SIGNS))
    monkeypatch.setattr(brisque_module, "normalised_contrast", leaning(SIGNS))
    picture = pictures["dist"]["I08"]
    model = read_pristine_model(calibration / "niqe_modelparameters.mat")
    assert niqe(picture, model) == pytest.approx(official["niqe"]["I08"], rel=1e-8)
    assert brisque(picture, read_model(calibration)) == pytest.approx(official["brisque"]["I08"], rel=1e-6)


@pytest.mark.shared
def test_the_official_brisque_of_flat_i19_lies_within_what_those_signs_do(calibration, official, pictures, monkeypatch):
    scores = []
    for sign in (-1, 0, 1):
        monkeypatch.setattr(brisque_module, "normalised_contrast", leaning(dict.fromkeys(range(256), sign)))
        scores.append(brisque(pictures["dist"]["I19"], read_model(calibration)))
    assert min(scores) < official["brisque"]["I19"] < max(scores)


@pytest.mark.shared
@pytest.mark.parametrize("name", IMAGES)
def test_ilniqe(name, judge_ilniqe, official, pictures):
    assert judge_ilniqe(pictures["dist"][name]) == pytest.approx(official["ilniqe"][name], rel=ILNIQE_TOLERANCE[name])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["I08", "I19"])
def test_the_official_ilniqe_lies_within_what_rounding_errors_in_flat_areas_do(
    name, judge_ilniqe, official, pictures, monkeypatch
):
    draw = np.random.default_rng(0)

    def leaning(*arguments):
        normalised, deviation = normalised_contrast(*arguments)
        normalised[deviation == 0] = 1e-14
        return Contrast(normalised, deviation)

    def trembling(plane, sigma):
        found = Gradient(*(np.ascontiguousarray(each) for each in gradient(plane, sigma)))
        still = (found.across == 0) & (found.down == 0)
        for each in found:
            each[still] = draw.uniform(-1e-9, 1e-9, still.sum())
        return found

    picture = pictures["dist"][name]
    with monkeypatch.context() as patch:
        patch.setattr(features_module, "normalised_contrast", leaning)
        high = judge_ilniqe(picture)
    monkeypatch.setattr(features_module, "gradient", trembling)
    assert judge_ilniqe(picture) < official["ilniqe"][name] < high


@pytest.mark.shared
@pytest.mark.parametrize("name", IMAGES)
def test_piqe_and_psnr(name, official, pictures):
    distorted, reference = pictures["dist"][name], pictures["ref"][name]
    assert metric("piqe")(distorted) == pytest.approx(official["piqe"][name], abs=0.005)
    assert metric("psnr")(distorted, reference) == pytest.approx(official["psnr"][name], abs=0.005)


@pytest.mark.shared
@pytest.mark.parametrize("name", IMAGES)
def test_gmsd_and_vif(name, official, pictures):
    distorted, reference = pictures["dist"][name], pictures["ref"][name]
    assert metric("gmsd")(distorted, reference) == pytest.approx(official["gmsd"][name], rel=1e-12)
    assert metric("vif")(distorted, reference) == pytest.approx(official["vif"][name], abs=5.1e-5)


@pytest.mark.shared
@pytest.mark.parametrize("name", IMAGES)
def test_ms_ssim(name, official, pictures):
    # The official row is the authors' other way to bring five numbers together, a weighted mean, of whole grey levels.
    # The paper's product, which ours is, then differs by what that and the rounding do.
    x, y = pictures["dist"][name], pictures["ref"][name]
    weights = np.array(WEIGHTS) / sum(WEIGHTS)
    mean = similarities(grey_levels(x) / 255, grey_levels(y) / 255) @ weights
    assert mean == pytest.approx(official["ms_ssim"][name], abs=5.1e-5)
    assert metric("ms-ssim")(x, y) == pytest.approx(official["ms_ssim"][name], abs=4.5e-3)


@pytest.mark.shared
def test_our_own_niqe_is_another_model_that_ranks_alike(calibration, shared):
    kodak = [read(path) for path in sorted((shared / "data" / "kodak24").glob("*.*"))]
    ours, theirs = metric("niqe-fgresq-bsds500"), metric("niqe", calibration / "niqe_modelparameters.mat")
    found, expected = ours.batch(kodak), theirs.batch(kodak)
    assert not np.allclose(found, expected, rtol=0.01)
    assert np.corrcoef(found, expected)[0, 1] > 0.95


@pytest.mark.shared
def test_our_own_model_is_what_its_provenance_says(shared):
    folder, stored = shared / "data" / "bsds500", own_model()
    assert len(stored.pictures) == 500
    named = ((name, read(folder / f"{name}.jpg")) for name in stored.pictures)
    model = fit_pristine(named, stored.name, "BSDS500 (Arbelaez et al., IEEE TPAMI 2011), train, val and test")
    assert model.mean == pytest.approx(stored.mean, rel=1e-6)
    assert model.covariance == pytest.approx(stored.covariance, rel=1e-5, abs=1e-8)
    assert model.provenance.rsplit(";", 1)[0] == stored.provenance.rsplit(";", 1)[0]


def coarse(picture):
    """Eight grey steps a colour: a degraded picture that every machine makes alike."""
    return np.round(picture * 7) / np.float32(7)


def test_recorded_scores_of_photographs_from_a_wheel(photographs):
    # Recorded by this program on a day on which the tests above held; so they run where those can't.
    golden = json.loads(GOLDEN.read_text())
    for name, path in photographs.items():
        picture, recorded = read(path), golden[name]
        for judge in ("niqe-fgresq-bsds500", "piqe", "sharpness"):
            scores = [metric(judge)(picture), metric(judge)(coarse(picture))]
            assert scores == pytest.approx(recorded[judge], rel=1e-6), (name, judge)
        for judge in ("psnr", "psnr-luma", "ssim", "ms-ssim", "gmsd", "vif"):
            assert metric(judge)(coarse(picture), picture) == pytest.approx(recorded[judge], rel=1e-6), (name, judge)
        # Float32 and another order of sums on another processor.
        assert metric("lite-dists")(coarse(picture), picture) == pytest.approx(recorded["lite-dists"], rel=1e-4), name
        assert brisque_features(picture) == pytest.approx(recorded["brisque features"], rel=1e-6), name
        features = block_features(picture).mean(axis=0)[::9]
        assert features == pytest.approx(recorded["ilniqe features"], rel=1e-5, abs=1e-8), name
