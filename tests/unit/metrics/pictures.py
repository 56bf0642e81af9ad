"""Small pictures and parameter files for the metrics' tests."""

from pathlib import Path

import numpy as np
from scipy.io import savemat


def textured(height, width, seed=0):
    """Grain over a slope: something in every block, no flat part."""
    generator = np.random.default_rng(seed)
    slope = np.linspace(0.2, 0.7, width)[np.newaxis, :, np.newaxis]
    return np.clip(slope + generator.normal(0, 0.1, (height, width, 3)), 0, 1).astype(np.float32)


def write_regression(folder: Path, features=36, vectors=5):
    """The files of a little regression in libsvm's form, `allmodel` and `allrange`, and its numbers."""
    generator = np.random.default_rng(1)
    coefficients, support = generator.normal(0, 20, vectors), generator.uniform(-1, 1, (vectors, features))
    lines = ["svm_type epsilon_svr", "kernel_type rbf", "gamma 0.05", "nr_class 2", f"total_sv {vectors}", "rho -12.5"]
    rows = [
        " ".join([f"{c!r}", *(f"{k}:{v!r}" for k, v in enumerate(row, 1))])
        for c, row in zip(coefficients.tolist(), support.tolist(), strict=True)
    ]
    (folder / "allmodel").write_text("\n".join([*lines, "SV", *rows]) + "\n")
    ranges = [f"{k} {-0.5 - k / 100} {3 + k / 100}" for k in range(1, features + 1)]
    (folder / "allrange").write_text("\n".join(["x", "-1 1", *ranges]) + "\n")
    return coefficients, support


def write_template(folder: Path, directions=12):
    """A little model of IL-NIQE in the authors' form, `templateModel.mat`, and its four arrays."""
    generator = np.random.default_rng(2)
    axes = np.linalg.qr(generator.normal(size=(468, directions)))[0]
    root = generator.normal(size=(directions, directions))
    arrays = (
        generator.normal(size=(1, directions)),
        root @ root.T + np.eye(directions),
        generator.uniform(0.5, 1.5, (468, 1)),
        axes,
    )
    cell = np.empty((1, 4), dtype=object)
    cell[0] = arrays
    savemat(folder / "templateModel.mat", {"templateModel": cell})
    return arrays[0].ravel(), arrays[1], arrays[2].ravel(), arrays[3]
