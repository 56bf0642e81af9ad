"""FGResQ as a metric of BasicSR's validation, and of the forks with the older form (NAFNet, Restormer, MPRNet).

    import fgresq.plugs.basicsr  # anywhere before training begins; registers `calculate_fgresq`

    val:
      metrics:
        fgresq: {type: calculate_fgresq, better: higher}   # also crop_border, weights: released

BasicSR isn't a requirement of fgresq, and nothing of it is in fgresq. Tried with the registry and the call of BasicSR
1.4.2, and with the positional call of the forks.
"""

import importlib
from functools import lru_cache
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from fgresq.errors import UserError
from fgresq.scoring.load import load_scorer
from fgresq.scoring.scorer import Scorer

_NAME = "calculate_fgresq"


@lru_cache(maxsize=2)
def _scorer(weights: str, device: str) -> Scorer:
    return load_scorer(weights, device=device)


def calculate_fgresq(
    img: Any,
    img2: object = None,
    crop_border: int = 0,
    input_order: str = "HWC",
    test_y_channel: bool = False,
    *,
    channel_order: str = "BGR",
    weights: str = "compact",
    device: str = "auto",
    better: str = "higher",
) -> float:
    """The quality score of a restored image, in (0, 1); higher is better.

    Args:
        img: what BasicSR hands over: uint8 in [0, 255], BGR, as `input_order` says; or, as in the forks with
            `use_image: false`, a tensor (3, h, w) or (1, 3, h, w) of floating point in [0, 1], RGB, clipped first.
        img2: the reference, which isn't looked at.
        crop_border: pixels to cut off each side.
        input_order: "HWC" or "CHW", of an array; a tensor is always (channels, height, width).
        test_y_channel: must be off: the model sees colour.
        channel_order: "BGR" or "RGB", of an array; "RGB" where the configuration has `rgb2bgr: false`.
        weights, device: as of `fgresq.load`; the network is kept from call to call.
        better: of BasicSR's configuration, for its record of the best; must be "higher".

    Raises:
        UserError: another type, shape or option.
        ImageError: a picture that can't be judged.
    """
    del img2
    if test_y_channel:
        raise UserError("calculate_fgresq: test_y_channel must be false; the model sees colour")
    if better != "higher":
        raise UserError(f"calculate_fgresq: better: {better} is wrong; higher scores are better")
    picture = _from_tensor(img) if isinstance(img, Tensor) else _from_array(img, input_order, channel_order)
    height, width = picture.shape[:2]
    if crop_border < 0 or 2 * crop_border >= min(height, width):
        raise UserError(f"calculate_fgresq: a crop_border of {crop_border} leaves nothing of {width}x{height} pixels")
    cut = picture[crop_border : height - crop_border, crop_border : width - crop_border]
    judged = _scorer(weights, device).score(np.ascontiguousarray(cut))
    return cast("float", judged.score)  # not None: a single image that can't be judged is an error


def _from_array(img: Any, input_order: str, channel_order: str) -> np.ndarray:
    if input_order not in ("HWC", "CHW"):
        raise UserError(f"calculate_fgresq: input_order {input_order!r} isn't known; use HWC or CHW")
    if channel_order not in ("BGR", "RGB"):
        raise UserError(f"calculate_fgresq: channel_order {channel_order!r} isn't known; use BGR or RGB")
    if not isinstance(img, np.ndarray) or img.dtype != np.uint8:
        said = str(img.dtype) if isinstance(img, np.ndarray) else type(img).__name__
        raise UserError(f"calculate_fgresq: {said} was given; uint8 in [0, 255] is needed (`use_image: true`)")
    picture = img.transpose(1, 2, 0) if input_order == "CHW" and img.ndim == 3 else img
    if picture.ndim == 3 and picture.shape[2] == 3 and channel_order == "BGR":
        picture = picture[..., ::-1]
    return picture


def _from_tensor(img: Tensor) -> np.ndarray:
    single = img[0] if img.ndim == 4 and len(img) == 1 else img
    if single.ndim != 3 or not single.is_floating_point():
        raise UserError(
            f"calculate_fgresq: a tensor {tuple(img.shape)} of {img.dtype} was given; "
            "one picture (3, h, w) of floating point in [0, 1] is needed"
        )
    pixels: np.ndarray = single.detach().to("cpu", torch.float32).clamp(0, 1).permute(1, 2, 0).numpy()
    return pixels


def register() -> None:
    """Make `calculate_fgresq` a metric of the BasicSR that is here; done by importing this module.

    Raises:
        UserError: there is no BasicSR.
    """
    metrics = _part("basicsr.metrics")
    if metrics is None:
        raise UserError("this module registers FGResQ with BasicSR, and there is no package `basicsr` here")
    setattr(metrics, _NAME, calculate_fgresq)  # where the forks look
    registry = getattr(_part("basicsr.utils.registry"), "METRIC_REGISTRY", None)
    if registry is not None and _NAME not in registry:  # a second registration is an error there
        registry.register(calculate_fgresq)


def _part(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):  # it's there, and lacks something itself
            raise
        return None


register()
