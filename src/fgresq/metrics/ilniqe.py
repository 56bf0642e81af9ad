"""IL-NIQE: how far a picture's blocks are from those of pristine photographs, in more respects than NIQE looks at.

Scores are those of the authors' MATLAB release with its model, within 0.15 % on the pictures with official scores
(`tests/reference/test_classical_official.py`). What keeps them from being equal: that release counts the signs of
rounding errors in flat areas, which are zeros here, and rounding errors decide to which of two levels a resized pixel
goes.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard, Picture, check_picture
from fgresq.metrics.functions import FunctionMetric
from fgresq.metrics.natural_scenes.enriched.features import BLOCK, enriched_features
from fgresq.metrics.natural_scenes.enriched.model import TemplateModel, read_template_model
from fgresq.metrics.natural_scenes.enriched.resizing import resized
from fgresq.metrics.natural_scenes.planes import colour_levels
from fgresq.metrics.parameters import find_parameters

# Every picture is brought to this side; the last 20 rows and columns, which don't fill a block, aren't looked at.
_SIDE = 524
_SEEN = _SIDE // BLOCK * BLOCK

CARD = MetricCard(
    name="ilniqe",
    title="IL-NIQE",
    full_reference=False,
    higher_is_better=False,
    lowest=0.0,
    highest=None,
    least_side=16,
    parameter_files=("templateModel.mat", "templatemodel.mat", "ilniqe_templateModel.mat"),
    licence_of_parameters="not stated by the authors",
    parameters_from="It is `templatemodel.mat` in the authors' release, "
    "https://www4.comp.polyu.edu.hk/~cslzhang/IQA/ILNIQE/Files/ILNIQE.zip.",
    home_page="https://www4.comp.polyu.edu.hk/~cslzhang/IQA/ILNIQE/ILNIQE.htm",
    notes=("Every picture is resized to 524x524 before it is looked at.",),
    citation="L. Zhang, L. Zhang, A. C. Bovik, 'A feature-enriched completely blind image quality evaluator', "
    "IEEE Transactions on Image Processing 2015",
)


def ilniqe(image: Picture, model: TemplateModel) -> float:
    """Mean distance of a picture's blocks from pristine ones.

    The mean of `TemplateModel.distances` over 36 blocks of 84x84 of the picture, resized to 524x524.

    Args:
        image: RGB or grey in [0, 1], at least 16x16.
        model: of `read_template_model`.

    Returns:
        At least 0; lower is better. Photographs have about 20.

    Raises:
        UserError: no picture (`check_picture`), too small, or flat in every block.

    Reference: Zhang, Zhang, Bovik (2015), sections III and IV.
    """
    return float(model.distances(block_features(image)).mean())


def block_features(image: Picture) -> Float64[np.ndarray, "36 468"]:
    """The features of a picture's blocks; NaN where one is flat.

    Raises:
        UserError: as `ilniqe`.
    """
    check_picture(image, CARD.least_side)
    features = enriched_features(resized(colour_levels(image), _SIDE)[:_SEEN, :_SEEN])
    if np.isnan(features).any(axis=1).all():
        raise UserError("every block of the picture is flat; IL-NIQE has nothing to measure")
    return features


def load(parameters: Path | None) -> FunctionMetric:
    """IL-NIQE with the authors' model."""
    place = find_parameters(CARD, parameters)
    files = [place] if place.is_file() else [place / name for name in CARD.parameter_files]
    model = read_template_model(next(file for file in files if file.is_file()))
    return FunctionMetric(CARD, lambda image: ilniqe(image, model))
