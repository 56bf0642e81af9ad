"""Support vector regression from libsvm's text files, evaluated with numpy; BRISQUE's parameters come so."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from fgresq.errors import UserError

_WANTED = {"svm_type": "epsilon_svr", "kernel_type": "rbf"}


@dataclass(frozen=True, slots=True, eq=False)
class SupportVectorRegression:
    """y(x) = sum_i c_i exp(-gamma |s_i - x'|^2) - rho, x' the features moved linearly into [-1, 1].

    Attributes:
        coefficients: c.
        vectors: s, the support vectors.
        gamma: of the kernel.
        rho: the offset.
        lowest, highest: of the features, which go to `lower` and `upper`; what lies beyond goes beyond.
        lower, upper: ends of the scaled range.
    """

    coefficients: Float64[np.ndarray, " v"]
    vectors: Float64[np.ndarray, "v f"]
    gamma: float
    rho: float
    lowest: Float64[np.ndarray, " f"]
    highest: Float64[np.ndarray, " f"]
    lower: float
    upper: float

    def scaled(self, features: Float64[np.ndarray, " f"]) -> Float64[np.ndarray, " f"]:
        """The features, moved into the range."""
        share = (features - self.lowest) / (self.highest - self.lowest)
        return np.asarray(self.lower + (self.upper - self.lower) * share)

    def predict(self, scaled: Float64[np.ndarray, " f"]) -> float:
        """The regression's value of scaled features."""
        kernel = np.exp(-self.gamma * np.square(self.vectors - scaled).sum(axis=1))
        return float(self.coefficients @ kernel - self.rho)


def read_regression(model: Path, ranges: Path, features: int) -> SupportVectorRegression:
    """Read a model (`svm-train`) and the ranges of its features (`svm-scale -s`).

    Args:
        model, ranges: the two files.
        features: how many there must be.

    Raises:
        UserError: a file can't be read, isn't of that form, or is of another kind of model.
    """
    header, coefficients, vectors = _read_model(model, features)
    lower, upper, lowest, highest = _read_ranges(ranges, features)
    return SupportVectorRegression(coefficients, vectors, header["gamma"], header["rho"], lowest, highest, lower, upper)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: isn't a text file of libsvm") from error


def _read_model(
    path: Path, features: int
) -> tuple[dict[str, float], Float64[np.ndarray, " v"], Float64[np.ndarray, "v f"]]:
    lines = _lines(path)
    if "SV" not in lines:
        raise UserError(f"{path}: isn't a model of libsvm, it has no line 'SV'")
    start = lines.index("SV") + 1
    header = dict(line.split(maxsplit=1) for line in lines[: start - 1] if len(line.split()) > 1)
    for key, value in _WANTED.items():
        if header.get(key) != value:
            raise UserError(f"{path}: its {key} is {header.get(key)}; {value} is needed")
    rows = [line.split() for line in lines[start:] if line.strip()]
    try:
        numbers = {key: float(header[key]) for key in ("gamma", "rho", "total_sv")}
        coefficients = np.array([float(row[0]) for row in rows])
        vectors = np.zeros((len(rows), features))
        for vector, row in zip(vectors, rows, strict=True):
            for entry in row[1:]:
                index, value = entry.split(":")
                vector[_place(int(index), features)] = float(value)
    except (KeyError, ValueError) as error:
        raise UserError(f"{path}: isn't a whole model of libsvm with {features} features ({error})") from error
    if len(rows) != numbers["total_sv"]:
        raise UserError(f"{path}: has {len(rows)} support vectors, its header says {numbers['total_sv']:.0f}; cut off?")
    if not (np.isfinite(coefficients).all() and np.isfinite(vectors).all()):
        raise UserError(f"{path}: holds NaN or infinite values")
    return numbers, coefficients, vectors


def _place(index: int, features: int) -> int:
    if not 1 <= index <= features:
        raise ValueError(f"feature {index}")
    return index - 1


def _read_ranges(
    path: Path, features: int
) -> tuple[float, float, Float64[np.ndarray, " f"], Float64[np.ndarray, " f"]]:
    rows = [line.split() for line in _lines(path) if line.strip()]
    try:
        if rows[0] != ["x"]:
            raise ValueError("the first line isn't 'x'")
        lower, upper = (float(end) for end in rows[1])
        table = np.array([[float(cell) for cell in row] for row in rows[2:]])
        if table.shape != (features, 3) or table[:, 0].tolist() != list(range(1, features + 1)):
            raise ValueError(f"a table of shape {table.shape}, not one row each of features 1 to {features}")
    except (IndexError, ValueError) as error:
        raise UserError(f"{path}: isn't a range file of libsvm with {features} features ({error})") from error
    if not (np.isfinite(table).all() and (table[:, 1] < table[:, 2]).all() and lower < upper):
        raise UserError(f"{path}: a range is empty, or not a number")
    return lower, upper, table[:, 1], table[:, 2]
