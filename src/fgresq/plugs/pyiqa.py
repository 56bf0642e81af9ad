"""FGResQ as metrics of pyiqa (IQA-PyTorch): importing this module registers `fgresq-compact` and `fgresq-released`,
and with `-pair` at the end those that compare two pictures.

    import pyiqa
    import fgresq.plugs.pyiqa

    metric = pyiqa.create_metric("fgresq-compact", device="cuda")
    pair = pyiqa.create_metric("fgresq-compact-pair")
    p_first_better, p_second_better, p_equal = pair(first, second)[0]

pyiqa 0.1.16 has a metric `fgresq` of its own. Importing this leaves it what it is, or a script's numbers would depend
on what else was imported. `register("fgresq", replace=True)` takes the name over.

pyiqa isn't a requirement of fgresq and nothing of it is in fgresq; whoever imports this module has it already. Its
licence, PolyForm Noncommercial, is between them and its authors.
"""

import os

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


def _in_colour(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 3 h w"]:
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images


class FgresqScorer(nn.Module):
    """What pyiqa calls: a batch in, scores out. The network is loaded at the first batch, on the batch's device.

    Args:
        weights: as of `fgresq.load`; `create_metric("fgresq-compact", weights=...)` passes it on.
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
        return self._scorer.on(images.device).forward(_in_colour(images))


class FgresqPair(nn.Module):
    """The comparison of two pictures of one content, as a metric of two inputs.

    Args, Raises: as of `FgresqScorer`.
    """

    def __init__(self, weights: str | os.PathLike[str] = "compact", precision: str = "fp32") -> None:
        super().__init__()
        self._scorer = PlacedScorer(weights, precision)

    def forward(self, first: Float[Tensor, "b c h w"], second: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 3"]:
        """Probabilities that the first looks better, that the second does, and that they are equal.

        Args:
            first, second: RGB in [0, 1], or grey with c = 1.

        Returns:
            (b, 3); a row adds up to 1, and swapping the inputs swaps its first two.
        """
        scorer = self._scorer.on(first.device)
        found = scorer.compare(_in_colour(first), _in_colour(second))
        rows = [(each.p_a_better, each.p_b_better, each.p_equal) for each in found]
        return first.new_tensor(rows).reshape(-1, 3)


def register(
    name: str, weights: str | os.PathLike[str] = "compact", *, pair: bool = False, replace: bool = False
) -> None:
    """Make `pyiqa.create_metric(name)` a metric of ours.

    Args:
        name: of the metric, in pyiqa.
        weights: as of `fgresq.load`; they are looked for when the metric is created.
        pair: compare two pictures, not score one.
        replace: take the name from a metric that has it.

    Raises:
        UserError: pyiqa has a metric of that name, and `replace` is off.
    """
    network = FgresqPair if pair else FgresqScorer
    if network.__name__ not in ARCH_REGISTRY:
        ARCH_REGISTRY.register(network)
    config = {
        "metric_opts": {"type": network.__name__, "weights": os.fspath(weights)},
        "metric_mode": "FR" if pair else "NR",
        "lower_better": False,
        "score_range": "0, 1",
    }
    if not replace and DEFAULT_CONFIGS.get(name, config) != config:
        raise UserError(f"pyiqa has a metric {name!r} already; choose another name, or say replace=True")
    DEFAULT_CONFIGS[name] = config


for _weights in ("compact", "released"):
    register(f"fgresq-{_weights}", _weights)
    register(f"fgresq-{_weights}-pair", _weights, pair=True)
