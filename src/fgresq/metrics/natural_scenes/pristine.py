"""NIQE's model of pristine pictures: mean and covariance of 36 features, from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from fgresq.errors import UserError
from fgresq.files import written_whole
from fgresq.metrics.natural_scenes.stored import read_arrays

FEATURES = 36
# Of the authors' release (MATLAB), of its copies as .npz, and of ours.
_MEAN_KEYS = ("mu_prisparam", "mu_pris_param", "mean")
_COVARIANCE_KEYS = ("cov_prisparam", "cov_pris_param", "covariance")


@dataclass(frozen=True, slots=True, eq=False)
class PristineModel:
    """A Gaussian over the features of pristine blocks.

    Attributes:
        mean, covariance: of the features.
        name: of the file, without its ending.
        provenance: on which pictures it was fitted, and how, as far as the file says it.
        pictures: their names, as far as the file lists them.
    """

    mean: Float64[np.ndarray, " 36"]
    covariance: Float64[np.ndarray, "36 36"]
    name: str
    provenance: str = ""
    pictures: tuple[str, ...] = ()


def read_pristine_model(path: Path) -> PristineModel:
    """Read a model: `modelparameters.mat` of the authors' release, a copy of it as .npz, or one of ours.

    Raises:
        UserError: the file can't be read, or doesn't hold a mean of 36 features and their covariance.
    """
    arrays = read_arrays(path, "a NIQE model")
    mean, covariance = _one_of(arrays, _MEAN_KEYS, path), _one_of(arrays, _COVARIANCE_KEYS, path)
    if mean.size != FEATURES or covariance.shape != (FEATURES, FEATURES):
        raise UserError(
            f"{path}: holds a mean of {mean.size} values and a covariance of shape {covariance.shape}; "
            f"NIQE has {FEATURES} features"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise UserError(f"{path}: the model holds NaN or infinite values")
    if not np.allclose(covariance, covariance.T, rtol=1e-6, atol=1e-12):
        raise UserError(f"{path}: the covariance isn't symmetric, so it is none")
    provenance = str(arrays["provenance"]) if "provenance" in arrays else ""
    pictures = tuple(str(arrays["pictures"]).split()) if "pictures" in arrays else ()
    return PristineModel(mean.reshape(FEATURES), covariance, path.stem, provenance, pictures)


def write_pristine_model(path: Path, model: PristineModel) -> None:
    """Write a model as .npz, the same bytes for the same model. Its name becomes that of the file.

    Raises:
        OutputError: the file can't be written.
    """
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            mean=model.mean,
            covariance=model.covariance,
            provenance=np.array(model.provenance),
            pictures=np.array("\n".join(model.pictures)),
        )


def _one_of(arrays: Mapping[str, Any], keys: tuple[str, ...], path: Path) -> Float64[np.ndarray, "..."]:
    for key in keys:
        if key in arrays and np.issubdtype(np.asarray(arrays[key]).dtype, np.number):
            return np.asarray(arrays[key], dtype=np.float64)
    raise UserError(f"{path}: holds no {' or '.join(keys)}; found: {', '.join(sorted(arrays)) or 'nothing'}")
