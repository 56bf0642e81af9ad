"""The metrics that are written here: their declarations, and how to get one that can be called.

Nothing is read or fetched before `metric` is called.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from fgresq.errors import UserError
from fgresq.metrics import brisque, gmsd, ilniqe, ms_ssim, niqe, piqe, psnr, sharpness, ssim, vif
from fgresq.metrics.base import FullReferenceMetric, Metric, MetricSpec, NoReferenceMetric, Picture, Reference
from fgresq.metrics.lite import metric as lite
from fgresq.metrics.parameters import find_parameters
from fgresq.names import nearest

_SSIM = MetricSpec(
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

_SSIM_Y = MetricSpec(**{**_SSIM.model_dump(), "name": "ssim-y", "title": "SSIM (Y)"})

_Loader = Callable[[Path | None], Metric]


def _full(spec: MetricSpec, compare: Callable[[Picture, Reference], float]) -> tuple[MetricSpec, _Loader]:
    return spec, lambda _: FullReferenceMetric(spec, compare)


def _alone(spec: MetricSpec, judge: Callable[[Picture], float]) -> tuple[MetricSpec, _Loader]:
    return spec, lambda _: NoReferenceMetric(spec, judge)


_METRICS: Mapping[str, tuple[MetricSpec, _Loader]] = {
    spec.name: (spec, loader)
    for spec, loader in (
        _full(psnr.SPEC, psnr.psnr),
        _full(psnr.LUMA_SPEC, psnr.psnr_luma),
        _full(psnr.Y_SPEC, psnr.psnr_y),
        _full(_SSIM, ssim.ssim),
        _full(_SSIM_Y, ssim.ssim_y),
        _full(ms_ssim.SPEC, ms_ssim.ms_ssim),
        _full(gmsd.SPEC, gmsd.gmsd),
        _full(vif.SPEC, vif.vif),
        _full(lite.SPEC, lite.lite_dists),
        _alone(sharpness.SPEC, sharpness.sharpness),
        _alone(piqe.SPEC, piqe.piqe),
        (niqe.SPEC, niqe.load),
        (niqe.OWN_SPEC, niqe.load_own),
        (ilniqe.SPEC, ilniqe.load),
        (brisque.SPEC, brisque.load),
    )
}

NATIVE: Mapping[str, MetricSpec] = {name: spec for name, (spec, _) in _METRICS.items()}


def metric(name: str, parameters: str | os.PathLike[str] | None = None) -> Metric:
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
    spec, loader = _entry(name)
    if parameters is not None and not spec.parameter_files:
        raise UserError(f"{name} reads no parameters, but {os.fspath(parameters)} was given")
    return loader(None if parameters is None else Path(parameters))


def missing(name: str, parameters: str | os.PathLike[str] | None = None) -> str | None:
    """What a metric needs before it works here; None when it works. Nothing is read but the names of files.

    Raises:
        UserError: an unknown name.
    """
    spec, _ = _entry(name)
    if not spec.parameter_files:
        return None
    try:
        find_parameters(spec, None if parameters is None else Path(parameters))
    except UserError as error:
        return str(error)
    return None


def _entry(name: str) -> tuple[MetricSpec, _Loader]:
    if name not in _METRICS:
        raise UserError(f"there is no native metric {name!r}; {nearest(name, _METRICS)}")
    return _METRICS[name]
