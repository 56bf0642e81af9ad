"""FGResQ as a metric of deepinv.

    from fgresq.plugs.deepinv import FGResQ

    deepinv.test(model, loader, physics, metrics=[FGResQ(norm_inputs="clip")])

deepinv isn't a requirement of fgresq. Tried with the `Metric` of deepinv 0.5.0.
"""

import os
from typing import Any

from torch import Tensor

from fgresq.errors import UserError
from fgresq.plugs.placement import PlacedScorer

try:
    from deepinv.loss.metric import Metric
except ModuleNotFoundError as error:
    if error.name is None or error.name.split(".")[0] != "deepinv":
        raise
    raise UserError("this metric needs deepinv: pip install deepinv") from error


class FGResQ(Metric):  # type: ignore[misc]
    """Quality score of each reconstruction; no reference is looked at.

    Args:
        weights: as of `fgresq.load`.
        precision: of the encoders, as of `fgresq.load`.
        **options: of every metric of deepinv. Reconstructions that leave [0, 1] need `norm_inputs="clip"`.

    Raises:
        WeightsError: no such weights, or they aren't on this machine yet.
    """

    def __init__(self, weights: str | os.PathLike[str] = "compact", *, precision: str = "fp32", **options: Any) -> None:
        super().__init__(**options)
        self.lower_better = False
        self._scorer = PlacedScorer(weights, precision)

    def metric(self, x_net: Tensor, x: Tensor | None = None, *args: Any, **kwargs: Any) -> Tensor:
        """Scores of a batch.

        Args:
            x_net: (b, 3, h, w), RGB, floating point in [0, 1].
            x: the reference, which isn't looked at.
            *args, **kwargs: of deepinv, not looked at either.

        Returns:
            (b), in (0, 1), higher is better; differentiable with respect to `x_net`.

        Raises:
            UserError: another type or shape.
            ImageError: values that are NaN, infinite or outside [0, 1].
        """
        del x, args, kwargs
        return self._scorer.on(x_net.device).forward(x_net)
