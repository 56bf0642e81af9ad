"""The metrics that are written here: their cards, and how to get one that can be called.

Nothing is read or fetched before `metric` is called.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from fgresq.errors import UserError
from fgresq.metrics import brisque, gmsd, ilniqe, ms_ssim, niqe, piqe, psnr, sharpness, ssim, vif
from fgresq.metrics.base import MetricCard, Picture, Reference
from fgresq.metrics.functions import FunctionMetric
from fgresq.metrics.lite import metric as lite
from fgresq.metrics.parameters import find_parameters
from fgresq.metrics.runners import MetricSettings, Missing, Runner
from fgresq.names import nearest

_SSIM = MetricCard(
    name="ssim",
    title="SSIM",
    full_reference=True,
    higher_is_better=True,
    lowest=-1.0,
    highest=1.0,
    least_side=ssim.WINDOW,
    citation="Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, 'Image quality assessment: from error visibility "
    "to structural similarity', IEEE Transactions on Image Processing 2004",
)

_SSIM_Y = MetricCard(**{**_SSIM.model_dump(), "name": "ssim-y", "title": "SSIM (Y)"})

_Loader = Callable[[Path | None], FunctionMetric]


def _full(card: MetricCard, function: Callable[[Picture, Reference], float]) -> tuple[MetricCard, _Loader]:
    return card, lambda _: FunctionMetric(card, function)


def _alone(card: MetricCard, function: Callable[[Picture], float]) -> tuple[MetricCard, _Loader]:
    return card, lambda _: FunctionMetric(card, function)


_METRICS: Mapping[str, tuple[MetricCard, _Loader]] = {
    card.name: (card, loader)
    for card, loader in (
        _full(psnr.CARD, psnr.psnr),
        _full(psnr.LUMA_CARD, psnr.psnr_luma),
        _full(psnr.Y_CARD, psnr.psnr_y),
        _full(_SSIM, ssim.ssim),
        _full(_SSIM_Y, ssim.ssim_y),
        _full(ms_ssim.CARD, ms_ssim.ms_ssim),
        _full(gmsd.CARD, gmsd.gmsd),
        _full(vif.CARD, vif.vif),
        _full(lite.CARD, lite.lite_dists),
        _alone(sharpness.CARD, sharpness.sharpness),
        _alone(piqe.CARD, piqe.piqe),
        (niqe.CARD, niqe.load),
        (niqe.OWN_CARD, niqe.load_own),
        (ilniqe.CARD, ilniqe.load),
        (brisque.CARD, brisque.load),
    )
}

NATIVE: Mapping[str, MetricCard] = {name: card for name, (card, _) in _METRICS.items()}


def metric(name: str, parameters: str | os.PathLike[str] | None = None) -> FunctionMetric:
    """A metric by its name.

    Args:
        name: one of `NATIVE`.
        parameters: the authors' parameter files, for a metric that reads them: a file, or a folder that holds them.
            None looks in the folder `metrics` of $FGRESQ_HOME, or of fgresq's cache folder.

    Returns:
        The metric, its parameters read: `metric("psnr")(image, reference)`, `metric("brisque", folder)(image)`.

    Raises:
        UserError: an unknown name, with the nearest known ones; parameters that are missing, wrong, or given to a
            metric that reads none.
    """
    card, loader = _entry(name)
    if parameters is not None and not card.parameter_files:
        raise UserError(f"{name} reads no parameters, but {os.fspath(parameters)} was given")
    return loader(None if parameters is None else Path(parameters))


def missing(name: str, parameters: str | os.PathLike[str] | None = None) -> str | None:
    """What a metric needs before it works here; None when it works. Nothing is read but the names of files.

    Raises:
        UserError: an unknown name.
    """
    card, _ = _entry(name)
    if not card.parameter_files:
        return None
    try:
        find_parameters(card, None if parameters is None else Path(parameters))
    except UserError as error:
        return str(error)
    return None


def _entry(name: str) -> tuple[MetricCard, _Loader]:
    if name not in _METRICS:
        raise UserError(f"there is no native metric {name!r}; {nearest(name, _METRICS)}")
    return _METRICS[name]


def _missing(card: MetricCard, settings: MetricSettings) -> Missing | None:
    need = missing(card.name, settings.parameters if card.parameter_files else None)
    return None if need is None else Missing(need)


def _identify(card: MetricCard, settings: MetricSettings) -> MetricCard:
    return card.identified(version=str(card.revision), parameters=_hash_of_parameters(card, settings.parameters))


def _open(card: MetricCard, settings: MetricSettings) -> FunctionMetric:
    opened = metric(card.name, settings.parameters if card.parameter_files else None)
    return replace(opened, card=card)


def _hash_of_parameters(card: MetricCard, given: str | None) -> str | None:
    """Of all declared files that are there, in the card's order; or of the one file that was named."""
    if not card.parameter_files:
        return None
    place = find_parameters(card, None if given is None else Path(given))
    files = [place] if place.is_file() else [place / name for name in card.parameter_files if (place / name).is_file()]
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


RUNNER = Runner(_missing, _identify, _open)
