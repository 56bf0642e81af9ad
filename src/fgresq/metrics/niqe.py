"""NIQE: how far a picture's local statistics are from those of pristine photographs.

Scores are those of the authors' MATLAB release, with its model: to rounding where a picture has no exactly flat areas,
and within 0.6 % on the pictures with official scores (`tests/reference/test_classical_official.py`). The release counts
the signs of rounding errors in flat areas; here such pixels count as the zeros they are.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard, Picture, check_picture
from fgresq.metrics.functions import FunctionMetric
from fgresq.metrics.natural_scenes.contrast import cut, normalised_contrast
from fgresq.metrics.natural_scenes.distributions import Blocks, asymmetric_fit, moments
from fgresq.metrics.natural_scenes.planes import grey_levels, halved
from fgresq.metrics.natural_scenes.pristine import FEATURES, PristineModel, read_pristine_model
from fgresq.metrics.parameters import find_parameters
from fgresq.version import __version__

BLOCK = 96
Fine: TypeAlias = Float64[np.ndarray, "b 96 96"]
Coarse: TypeAlias = Float64[np.ndarray, "b 48 48"]

_OWN_MODEL = Path(__file__).parent / "data" / "niqe-fgresq-bsds500.npz"
# MATLAB's pinv takes singular values below this share of the largest for 0.
_PSEUDO_INVERSE = FEATURES * np.finfo(np.float64).eps

CARD = MetricCard(
    name="niqe",
    title="NIQE",
    full_reference=False,
    higher_is_better=False,
    lowest=0.0,
    highest=None,
    least_side=BLOCK,
    parameter_files=("modelparameters.mat", "niqe_modelparameters.mat", "niqe_pris_params.npz"),
    licence_of_parameters="The University of Texas at Austin, 2011: free use, with its notice and citation",
    parameters_from="They are `modelparameters.mat` in the authors' release, "
    "http://live.ece.utexas.edu/research/quality/niqe_release.zip.",
    citation="A. Mittal, R. Soundararajan, A. C. Bovik, 'Making a completely blind image quality analyzer', "
    "IEEE Signal Processing Letters 2013",
)
OWN_CARD = MetricCard(
    name="niqe-fgresq-bsds500",
    title="NIQE (fgresq's model, BSDS500)",
    full_reference=False,
    higher_is_better=False,
    lowest=0.0,
    highest=None,
    least_side=BLOCK,
    licence_of_parameters="Apache-2.0 (statistics of the photographs of BSDS500, no picture)",
    citation=CARD.citation,
)


def niqe(image: Picture, model: PristineModel) -> float:
    """Distance of a picture's statistics from those of pristine ones.

    sqrt((m1 - m2)^T ((S1 + S2) / 2)^-1 (m1 - m2)), m and S mean and covariance of the features of blocks.

    Args:
        image: RGB or grey in [0, 1], at least 96x96. What doesn't fill a block, right and below, isn't looked at.
        model: m1 and S1, of `read_pristine_model` or `fit_pristine`.

    Returns:
        At least 0; lower is better. Photographs have about 2 to 5.

    Raises:
        UserError: no picture (`check_picture`), too small, or flat in every block.

    Reference: Mittal, Soundararajan, Bovik (2013), eq. 1 to 10.
    """
    fine, coarse, _ = _blocks(image)
    features = block_features(fine, coarse)
    whole = features[~np.isnan(features).any(axis=1)]
    if not len(whole):
        raise UserError("every block of the picture is flat; NIQE has nothing to measure")
    covariance = np.cov(whole, rowvar=False) if len(whole) > 1 else np.zeros((FEATURES, FEATURES))
    # As in the release, a block that is flat at one scale only counts in the other scale's means.
    difference = model.mean - np.nanmean(features, axis=0)
    inverse = np.linalg.pinv((model.covariance + covariance) / 2, rcond=_PSEUDO_INVERSE)
    return float(np.sqrt(difference @ inverse @ difference))


def block_features(fine: Fine, coarse: Coarse) -> Float64[np.ndarray, "b 36"]:
    """The features of a picture's blocks, 18 a scale; NaN where a block is flat.

    Shape and mean scale of the AGGD of the contrast; then shape, mean and scales of that of each neighbour product.

    Args:
        fine: blocks of 96x96 of the contrast.
        coarse: the same of 48x48, at half the size.
    """
    return np.hstack([_features(fine), _features(coarse)])


def _features(blocks: Blocks) -> Float64[np.ndarray, "b 18"]:
    of_values, *of_products = moments(blocks)
    fit = asymmetric_fit(of_values)
    columns = [fit.shape, np.mean(fit.scales(), axis=0)]
    for of_product in of_products:
        fit = asymmetric_fit(of_product)
        columns += [fit.shape, fit.mean(), *fit.scales()]
    return np.stack(columns, axis=1)


def _blocks(image: Picture) -> tuple[Fine, Coarse, Float64[np.ndarray, "whole_h whole_w"]]:
    """Blocks of 96x96 of the contrast, those of 48x48 at half the size, and the local deviation."""
    check_picture(image, BLOCK)
    height, width = (side // BLOCK * BLOCK for side in image.shape[:2])
    plane = grey_levels(image[:height, :width])
    contrast, deviation = normalised_contrast(plane, "repeated")
    coarse, _ = normalised_contrast(halved(plane), "repeated")
    return cut(contrast, BLOCK), cut(coarse, BLOCK // 2), deviation


def fit_pristine(
    pictures: Iterable[tuple[str, Picture]], name: str, source: str, sharpness_share: float = 0.75
) -> PristineModel:
    """Fit a model on pristine pictures, over the blocks that are sharp for their picture.

    A block is taken when its mean local deviation is above `sharpness_share` of the picture's largest.

    Args:
        pictures: names without spaces, and RGB or grey in [0, 1], at least 96x96.
        name: of the model.
        source: where the pictures are from, for the provenance.
        sharpness_share: T, 0 to 1.

    Returns:
        Mean and covariance of the features of the blocks taken.

    Raises:
        UserError: a picture can't be judged, or fewer than 37 blocks were taken, too few for a covariance.

    Reference: Mittal, Soundararajan, Bovik (2013), section II B and II D.
    """
    names, taken = [], [np.empty((0, FEATURES))]
    for title, picture in pictures:
        fine, coarse, deviation = _blocks(picture)
        sharpness = cut(deviation, BLOCK).mean(axis=(1, 2))
        taken.append(block_features(fine, coarse)[sharpness > sharpness_share * sharpness.max()])
        names.append(title)
    features = np.concatenate(taken)
    features = features[~np.isnan(features).any(axis=1)]
    if len(features) <= FEATURES:
        raise UserError(
            f"{len(features)} sharp blocks in {len(names)} pictures are too few for a model of {FEATURES} features"
        )
    provenance = (
        f"{source}; {len(names)} pictures, {len(features)} blocks of {BLOCK}x{BLOCK} whose mean deviation is above "
        f"{sharpness_share:g} of the picture's largest; fgresq {__version__}"
    )
    return PristineModel(features.mean(axis=0), np.cov(features, rowvar=False), name, provenance, tuple(names))


@cache
def own_model() -> PristineModel:
    """Our own pristine model, fitted on BSDS500; it isn't the authors', and scores differ from theirs."""
    return read_pristine_model(_OWN_MODEL)


def load(parameters: Path | None) -> FunctionMetric:
    """NIQE with the authors' model."""
    place = find_parameters(CARD, parameters)
    files = [place] if place.is_file() else [place / name for name in CARD.parameter_files]
    model = read_pristine_model(next(file for file in files if file.is_file()))
    return FunctionMetric(CARD, lambda image: niqe(image, model))


def load_own(_parameters: Path | None) -> FunctionMetric:
    """NIQE with our own model."""
    return FunctionMetric(OWN_CARD, lambda image: niqe(image, own_model()))
