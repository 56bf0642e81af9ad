"""IL-NIQE's model of pristine blocks: principal directions of the features, and a Gaussian along them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.linalg import cholesky, solve_triangular

from fgresq.errors import UserError
from fgresq.metrics.natural_scenes.enriched.features import FEATURES
from fgresq.metrics.natural_scenes.stored import read_arrays

_KEY = "templateModel"


@dataclass(frozen=True, slots=True, eq=False)
class TemplateModel:
    """A Gaussian over the features of pristine blocks, along their principal directions.

    Attributes:
        mean, covariance: of the coordinates along the directions.
        centre: of the features, where the coordinates are 0.
        directions: one a column.
    """

    mean: Float64[np.ndarray, " d"]
    covariance: Float64[np.ndarray, "d d"]
    centre: Float64[np.ndarray, " f"]
    directions: Float64[np.ndarray, "f d"]

    def distances(self, features: Float64[np.ndarray, "b f"]) -> Float64[np.ndarray, " b"]:
        """How far each block is from the pristine ones.

        sqrt((m - x)^T ((S + S_x) / 2)^-1 (m - x)), x the block's coordinates, S_x the covariance of all blocks'. A
        block with NaN, as flat ones have, stands at the mean of the others.

        Args:
            features: of a picture's blocks; one of them at least without NaN.

        Reference: Zhang, Zhang, Bovik (2015), eq. 17.
        """
        flat = np.isnan(features).any(axis=1)
        whole = (features[~flat] - self.centre) @ self.directions
        covariance = np.cov(whole, rowvar=False) if len(whole) > 1 else np.zeros_like(self.covariance)
        coordinates = np.empty((len(features), len(self.mean)))
        coordinates[~flat], coordinates[flat] = whole, whole.mean(axis=0)
        root = cholesky((self.covariance + covariance) / 2, lower=True)
        return np.asarray(np.linalg.norm(solve_triangular(root, (coordinates - self.mean).T, lower=True), axis=0))


def read_template_model(path: Path) -> TemplateModel:
    """Read `templateModel.mat` of the authors' release.

    Raises:
        UserError: the file can't be read, or doesn't hold such a model of 468 features.
    """
    arrays = read_arrays(path, "an IL-NIQE model")
    if _KEY not in arrays:
        raise UserError(f"{path}: holds no {_KEY}; found: {', '.join(sorted(arrays)) or 'nothing'}")
    cells = np.asarray(arrays[_KEY], dtype=object).ravel()
    mean, covariance, centre, directions = _numbers(list(cells), path)
    count = mean.size
    if centre.size != FEATURES or directions.shape != (FEATURES, count) or covariance.shape != (count, count):
        shapes = ", ".join(str(each.shape) for each in (mean, covariance, centre, directions))
        raise UserError(f"{path}: holds arrays of the shapes {shapes}, not those of a model of {FEATURES} features")
    if not np.allclose(covariance, covariance.T, rtol=1e-6, atol=1e-9) or np.linalg.eigvalsh(covariance)[0] <= 0:
        raise UserError(f"{path}: the covariance isn't symmetric and positive, so it is none")
    return TemplateModel(mean.reshape(count), covariance, centre.reshape(FEATURES), directions)


def _numbers(cells: Sequence[Any], path: Path) -> list[Float64[np.ndarray, "..."]]:
    arrays = [np.asarray(cell) for cell in cells]
    if len(arrays) != 4 or not all(np.issubdtype(each.dtype, np.number) for each in arrays):
        raise UserError(f"{path}: its {_KEY} doesn't hold four arrays: a mean, a covariance, a centre, and directions")
    arrays = [each.astype(np.float64) for each in arrays]
    if not all(np.isfinite(each).all() for each in arrays):
        raise UserError(f"{path}: the model holds NaN or infinite values")
    return arrays
