"""FGResQ as a metric of mmagic (formerly MMEditing).

    custom_imports = dict(imports=["fgresq.plugs.mmagic"])
    val_evaluator = dict(type="Evaluator", metrics=[dict(type="FGResQ")])

mmagic isn't a requirement of fgresq. Tried with `BaseSampleWiseMetric` of mmagic 1.2.0.
"""

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fgresq.errors import UserError
from fgresq.plugs.placement import PlacedScorer

try:
    from mmagic.evaluation.metrics.base_sample_wise_metric import BaseSampleWiseMetric
    from mmagic.registry import METRICS
except ModuleNotFoundError as error:
    if error.name is None or error.name.split(".")[0] not in ("mmagic", "mmengine"):
        raise
    raise UserError("this metric needs mmagic and what it needs: see mmagic's own instructions") from error


@METRICS.register_module()  # type: ignore[misc, untyped-decorator, unused-ignore]
class FGResQ(BaseSampleWiseMetric):  # type: ignore[misc]
    """Mean quality score of the predictions, in (0, 1); higher is better. The reference isn't looked at.

    Args:
        weights: as of `fgresq.load`.
        precision: of the encoders, as of `fgresq.load`.
        crop_border: pixels to cut off each side.
        channel_order: of the predictions: "BGR", mmagic's default, or "RGB".
        **options: of every metric of mmagic, such as `gt_key`, `pred_key`, `device`, `prefix`.

    Raises:
        UserError: a negative border, another order of channels.
        WeightsError: no such weights, or they aren't on this machine yet.
    """

    metric = "FGResQ"

    def __init__(
        self,
        weights: str | os.PathLike[str] = "compact",
        precision: str = "fp32",
        crop_border: int = 0,
        channel_order: str = "BGR",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if channel_order not in ("BGR", "RGB"):
            raise UserError(f"channel_order {channel_order!r} isn't known; use BGR or RGB")
        if crop_border < 0:
            raise UserError(f"a crop_border of {crop_border} isn't known; it must be 0 or more")
        self.channel_order = channel_order
        self.crop_border = crop_border
        self._scorer = PlacedScorer(weights, precision)

    def process_image(self, gt: object, pred: Tensor | np.ndarray, mask: object) -> float:
        """Score one prediction.

        Args:
            gt, mask: not looked at.
            pred: (3, h, w), in [0, 255], as mmagic's data preprocessors give predictions back.

        Raises:
            UserError: another shape, or a border that leaves nothing.
            ImageError: values that are NaN, infinite or outside [0, 255].
        """
        del gt, mask
        picture = torch.as_tensor(pred)
        if picture.ndim != 3 or len(picture) != 3:
            raise UserError(f"a prediction {tuple(picture.shape)} was given; (3, height, width) is needed")
        border, (height, width) = self.crop_border, picture.shape[1:]
        if 2 * border >= min(height, width):
            raise UserError(f"a crop_border of {border} leaves nothing of {width}x{height} pixels")
        cut = picture[:, border : height - border, border : width - border].to(torch.float32) / 255
        images = (cut.flip(0) if self.channel_order == "BGR" else cut)[None]
        with torch.inference_mode():
            return float(self._scorer.on(images.device).forward(images))
