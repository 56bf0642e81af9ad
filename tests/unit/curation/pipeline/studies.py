"""A small study on disk: two sources as CSVs, one with labels, and a configuration of a build from them."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from PIL import Image

HEADER = ("image_id", "path", "source", "task", "content", "algorithm", "mos", "reference", "scale")
SIDE = 48


def picture(seed: int, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """A texture that depends on nothing but the seed."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return np.clip(128 + 200 * smooth, 0, 255).astype(np.uint8)


def restored(clean: np.ndarray, strength: float, seed: int) -> np.ndarray:
    """The picture with noise: the stronger, the lower its SSIM to others."""
    noise = np.random.default_rng(seed).normal(0, 0.5 + strength, clean.shape)
    return np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_csv(path: Path, rows: list[tuple[Any, ...]]) -> Path:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADER)
        table.writerows(rows)
    return path


def write_source(
    folder: Path, source: str, task: str, *, contents: int = 4, images: int = 4, labelled: bool = True, first: int = 0
) -> Path:
    """Contents of noisy pictures, the noise and the MOS stronger from one to the next; answers the CSV."""
    rows = []
    for content in range(contents):
        clean = picture(1000 * first + content)
        reference = save(folder / source / "references" / f"{content}.png", clean)
        for number in range(images):
            name = f"{source}/{content}-{number}"
            path = save(folder / f"{name}.png", restored(clean, 2.0 * number, seed=100 * content + number))
            mos = 5 - number if labelled else ""
            rows.append((name, path, source, task, f"{source}/{content}", f"m{number}", mos, reference, ""))
    return write_csv(folder / f"{source}.csv", rows)


def write_config(path: Path, **changes: Any) -> Path:
    """The configuration of a build from `lab` (labelled) and `rain` (not), with other values for some of its names."""
    values: Mapping[str, Any] = {
        "name": "small",
        "sources": [{"name": "manifest", "root": "lab.csv"}, {"name": "manifest", "root": "rain.csv"}],
        "tau": {"lab": {"own": 2}, "rain": "keep-all"},
        "jnd": {"threshold": 0.97},
        "workers": 1,
        **changes,
    }
    path.write_text(yaml.safe_dump(dict(values)))
    return path


def write_study(folder: Path, **changes: Any) -> Path:
    """Both sources and their configuration."""
    folder.mkdir(exist_ok=True)
    write_source(folder, "lab", "Denoising")
    write_source(folder, "rain", "Deraining", labelled=False, first=1)
    return write_config(folder / "build.yaml", **changes)
