"""From a name of weights to a scorer."""

import os

import torch

from fgresq.errors import UserError
from fgresq.model.checkpoints import load_checkpoint
from fgresq.model.cpu import can_pack, pack_linear_layers
from fgresq.model.store import locate
from fgresq.results import Provenance
from fgresq.scoring.encoding import ImageEncoder
from fgresq.scoring.scorer import Scorer
from fgresq.version import __version__

_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def load_scorer(
    weights: str | os.PathLike[str] = "compact",
    *,
    device: str = "auto",
    precision: str = "fp32",
    batch_size: int | None = None,
) -> Scorer:
    """Load weights and make them ready to score; documented at `fgresq.load`."""
    if precision not in _PRECISIONS:
        raise UserError(f"precision {precision!r} isn't known; use one of {', '.join(_PRECISIONS)}")
    if batch_size is not None and batch_size < 1:
        raise UserError(f"a batch of {batch_size} images can't be; at least 1 is needed")
    where = _device(device)
    if precision == "fp16" and where.type == "cpu":
        works = "bf16, which is faster, or fp32" if can_pack(torch.bfloat16) else "fp32 (bf16 works too, no faster)"
        raise UserError(f"fp16 needs a GPU; on this processor use {works}")
    located = locate(weights)
    checkpoint = load_checkpoint(located.path, located.sha256)
    model = checkpoint.model.to(where).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    # The encoders do all the work; the heads stay in float32, where they cost nothing and rounding would show.
    for encoder in model.encoders():
        for parameter in encoder.parameters():  # not the buffers: what is measured of an image needs float32
            parameter.data = parameter.data.to(_PRECISIONS[precision])
        if where.type == "cpu":
            pack_linear_layers(encoder)
    provenance = Provenance(
        version=__version__,
        weights=os.fspath(weights),
        weights_sha256=checkpoint.sha256,
        weights_note=checkpoint.training.note,
        preprocessing=str(checkpoint.config.preprocessing),
        precision=precision,
        device=str(where),
    )
    image_encoder = ImageEncoder(
        model,
        checkpoint.config.preprocessing,
        where,
        batch_size or (8 if where.type == "cpu" else 128),
        workers=max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
    )
    return Scorer(image_encoder, provenance)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"device {name!r} can't be used here ({reason}); use cpu, cuda, cuda:N or mps") from error
    return device
