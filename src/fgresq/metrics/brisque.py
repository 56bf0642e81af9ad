"""BRISQUE: a regression from a picture's statistics to people's scores of distorted pictures (LIVE).

Scores are those of the authors' MATLAB release with its model, text files between its programs included: to six digits
where a picture has no exactly flat areas. In flat areas the release counts the signs of rounding errors, and there the
scores differ: by 0.2, 10 and 3 % on three of the five pictures with official scores, see `docs/metrics.md`.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard, Picture, check_picture
from fgresq.metrics.functions import FunctionMetric
from fgresq.metrics.natural_scenes.contrast import Plane, normalised_contrast
from fgresq.metrics.natural_scenes.distributions import asymmetric_fit, moments, symmetric_fit
from fgresq.metrics.natural_scenes.planes import grey_levels, halved
from fgresq.metrics.natural_scenes.svr import SupportVectorRegression, read_regression
from fgresq.metrics.parameters import find_parameters

FEATURES = 36
_DECIMALS, _DIGITS = 6, 6
_MODEL_NAMES, _RANGE_NAMES = ("allmodel", "brisque_allmodel"), ("allrange", "brisque_allrange")

CARD = MetricCard(
    name="brisque",
    title="BRISQUE",
    full_reference=False,
    higher_is_better=False,
    lowest=None,
    highest=None,
    least_side=16,
    parameter_files=(*_MODEL_NAMES, *_RANGE_NAMES),
    licence_of_parameters="The University of Texas at Austin, 2011: free use, with its notice and citation",
    parameters_from="They are `allmodel` and `allrange` in the authors' release, "
    "http://live.ece.utexas.edu/research/quality/BRISQUE_release.zip.",
    citation="A. Mittal, A. K. Moorthy, A. C. Bovik, 'No-reference image quality assessment in the spatial domain', "
    "IEEE Transactions on Image Processing 2012",
)


def brisque(image: Picture, model: SupportVectorRegression) -> float:
    """People's expected verdict (DMOS) on a picture.

    The regression's value of 36 features, 18 a scale: shape and variance of the GGD of the contrast, then shape, mean
    and both variances of the AGGD of each neighbour product.

    Args:
        image: RGB or grey in [0, 1], at least 16x16.
        model: of `read_model`.

    Returns:
        About 0 (pristine) to 100; lower is better. Nothing keeps it in that range.

    Raises:
        UserError: no picture (`check_picture`), too small, or flat.

    Reference: Mittal, Moorthy, Bovik (2012), section III.
    """
    # The release's programs talk in text: "%f" from feature extraction to svm-scale, "%g" from there to svm-predict.
    features = np.round(brisque_features(image), _DECIMALS)
    return model.predict(_to_digits(model.scaled(features)))


def brisque_features(image: Picture) -> Float64[np.ndarray, " 36"]:
    """The features of one picture, unscaled.

    Raises:
        UserError: as `brisque`.
    """
    check_picture(image, CARD.least_side)
    plane = grey_levels(image)
    if plane.min() == plane.max():  # the zeros beyond the border would still give it a score
        raise UserError("the picture is one flat grey; BRISQUE has nothing to measure")
    features = np.concatenate([_scale_features(plane), _scale_features(halved(plane))])
    if np.isnan(features).any():
        raise UserError("the picture's contrast is all of one sign; BRISQUE has nothing to measure")
    return features


def _scale_features(plane: Plane) -> Float64[np.ndarray, " 18"]:
    of_values, *of_products = moments(normalised_contrast(plane, "zero").normalised[np.newaxis])
    columns = [*symmetric_fit(of_values)]
    for of_product in of_products:
        fit = asymmetric_fit(of_product)
        columns += [fit.shape, fit.mean(), fit.left**2, fit.right**2]
    return np.concatenate(columns)


def _to_digits(values: Float64[np.ndarray, " f"]) -> Float64[np.ndarray, " f"]:
    """Rounded to six significant digits, as "%g" prints them."""
    size = np.where(values == 0, 1, np.abs(values))
    step = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(size)))
    return np.round(values * step) / step


def read_model(place: Path) -> SupportVectorRegression:
    """Read the authors' model and ranges from a folder that holds `allmodel` and `allrange`.

    A path of the model itself is understood too; the ranges are then looked for beside it.

    Raises:
        UserError: a file is missing or isn't what it should be.
    """
    folder = place.parent if place.is_file() else place
    model, ranges = (_existing(folder, names) for names in (_MODEL_NAMES, _RANGE_NAMES))
    return read_regression(place if place.is_file() else model, ranges, FEATURES)


def _existing(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise UserError(f"{folder}: holds no {' or '.join(names)}. {CARD.parameters_from}")


def load(parameters: Path | None) -> FunctionMetric:
    """BRISQUE with the authors' model."""
    model = read_model(find_parameters(CARD, parameters))
    return FunctionMetric(CARD, lambda image: brisque(image, model))
