"""Learned restorers of npm packages, `@upscalerjs/maxim-*` and `@upscalerjs/esrgan-*`, as functions of a picture."""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch
from tfjs import GraphModel, LayersModel

_STEP = 64  # MAXIM's sides
_TILE, _MARGIN = 192, 16


@lru_cache(maxsize=4)
def _graph(path: Path) -> GraphModel:
    return GraphModel(path)


@lru_cache(maxsize=4)
def _layers(path: Path) -> LayersModel:
    return LayersModel(path)


def maxim(folder: Path, image: np.ndarray) -> np.ndarray:
    """RGB in [0, 1] to the same; mirrored out to sides that are multiples of 64, whole, as MAXIM looks far."""
    height, width = image.shape[:2]
    wide = cv2.copyMakeBorder(image, 0, -height % _STEP, 0, -width % _STEP, cv2.BORDER_REFLECT)
    out = _graph(folder / "models" / "model.json")(torch.from_numpy(np.ascontiguousarray(wide, dtype=np.float32))[None])
    return np.ascontiguousarray(out[0, :height, :width].clamp(0, 1).numpy())


def esrgan(folder: Path, scale: int, image: np.ndarray) -> np.ndarray:
    """RGB in [0, 1] to the same, `scale` times larger, in tiles; slim and medium work on [0, 255], as they declare."""
    model = _layers(folder / "models" / f"x{scale}" / "model.json")
    top_value = 1.0 if folder.name.endswith("thick") else 255.0
    height, width = image.shape[:2]
    out = np.empty((height * scale, width * scale, 3), dtype=np.float32)
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            bottom, right = min(height, top + _TILE), min(width, left + _TILE)
            above, before = max(0, top - _MARGIN), max(0, left - _MARGIN)
            seen = image[above : min(height, bottom + _MARGIN), before : min(width, right + _MARGIN)]
            tile = model(torch.from_numpy(np.ascontiguousarray(seen, dtype=np.float32))[None] * top_value)[0]
            rows = slice((top - above) * scale, (bottom - above) * scale)
            columns = slice((left - before) * scale, (right - before) * scale)
            out[top * scale : bottom * scale, left * scale : right * scale] = tile[rows, columns].numpy() / top_value
    return np.clip(out, 0, 1)


MAXIM = ("deblurring", "denoising", "deraining", "dehazing-indoor", "dehazing-outdoor", "enhancement")
ESRGAN = ("slim", "medium", "thick")


def restorers(packages: Path) -> dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]]:
    """(scale, function) by name, of the packages unpacked in a folder as `maxim-deblurring`, `esrgan-slim`, ..."""
    found: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]] = {}
    for task in MAXIM:
        if (packages / f"maxim-{task}").is_dir():
            found[f"maxim-{task}"] = (1, partial(maxim, packages / f"maxim-{task}"))
    for size in ESRGAN:
        if (packages / f"esrgan-{size}").is_dir():
            for scale in (2, 3, 4):
                found[f"esrgan-{size}-x{scale}"] = (scale, partial(esrgan, packages / f"esrgan-{size}", scale))
    return found
