"""FGResQ as a metric of pyiqa (IQA-PyTorch): importing this module registers the name `fgresq` there.

    import pyiqa
    import fgresq.plugs.pyiqa

    metric = pyiqa.create_metric("fgresq", device="cuda")

pyiqa isn't a requirement of fgresq and nothing of it is in fgresq; whoever imports this module has it already. Its
licence, PolyForm Noncommercial, is between them and its authors.
"""

import os

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.errors import UserError
from fgresq.plugs.placement import PlacedScorer

try:
    from pyiqa.default_model_configs import DEFAULT_CONFIGS
    from pyiqa.utils.registry import ARCH_REGISTRY
except ModuleNotFoundError as error:
    if error.name is None or error.name.split(".")[0] != "pyiqa":
        raise
    raise UserError(
        "this module registers FGResQ with pyiqa, and pyiqa (or the part of it that registers) isn't here; tried with "
        "pyiqa 0.1.16, which `pip install pyiqa` brings under a licence of its own (PolyForm Noncommercial)"
    ) from error

NAME = "fgresq"


class FgresqScorer(nn.Module):
    """What pyiqa calls: a batch in, scores out. The network is loaded at the first batch, on the batch's device.

    Args:
        weights: as of `fgresq.load`; `create_metric("fgresq", weights=...)` passes it on.
        precision: of the encoders, as of `fgresq.load`.

    Raises:
        WeightsError: no such weights, or they aren't on this machine yet.
    """

    def __init__(self, weights: str | os.PathLike[str] = "compact", precision: str = "fp32") -> None:
        super().__init__()
        self._scorer = PlacedScorer(weights, precision)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, " b"]:
        """Scores that can be differentiated with respect to the images.

        Args:
            images: RGB in [0, 1], or grey with c = 1, which becomes three equal channels; pyiqa checks the range.

        Returns:
            Scores in (0, 1), higher is better.
        """
        return self._scorer.on(images.device).forward(images.to(torch.float32).expand(-1, 3, -1, -1))


def _register() -> None:
    if NAME in DEFAULT_CONFIGS or FgresqScorer.__name__ in ARCH_REGISTRY:
        raise UserError(f"this pyiqa has a metric {NAME!r} already; a second one can't be registered")
    ARCH_REGISTRY.register(FgresqScorer)
    DEFAULT_CONFIGS[NAME] = {
        "metric_opts": {"type": FgresqScorer.__name__},
        "metric_mode": "NR",
        "lower_better": False,
        "score_range": "0, 1",
    }


_register()
