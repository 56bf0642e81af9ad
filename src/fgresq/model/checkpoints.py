"""Weights on disk, loaded strictly or not at all.

Two formats:

- ours: safetensors; the header holds the model's configuration and where the weights come from, so a file is enough;
- the authors': a PyTorch file, bare or wrapped in {"model": ...} or {"state_dict": ...}, with or without a `module.`
  prefix. It is unpickled with `weights_only=True`, so it can't run code.

Every tensor of the model must be in the file, with its shape, and nothing else: a load that leaves a part of the model
as it was initialised gives plausible numbers that mean nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from fgresq.errors import CheckpointError, OutputError, WeightsError
from fgresq.files import written_whole
from fgresq.model.build import VARIANTS, ModelConfig, build
from fgresq.model.fgresq import FGResQ
from fgresq.model.official import listed, official_name, read_official
from fgresq.model.store import check_hash, sha256_of
from fgresq.seen import Seen

_FORMAT = "fgresq-1"

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


class Training(BaseModel):
    """Where weights come from.

    Attributes:
        note: one line for people: what the weights were trained on, or that they weren't.
        trained: False for weights that were only initialised.
        seen: the images and scenes that they were trained on, or chosen by; None where that isn't on record.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    note: str
    trained: bool
    seen: Seen | None = None


OFFICIAL_TRAINING = Training(note="the authors' weights, trained on FGRestore (human preferences)", trained=True)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model with its weights, and what is known of them.

    Attributes:
        model: in evaluation mode, float32, on the CPU.
        config: that the model was built from.
        training: where the weights come from.
        sha256: of the file, in hexadecimal.
    """

    model: FGResQ
    config: ModelConfig
    training: Training
    sha256: str


class _Content(NamedTuple):
    config: ModelConfig
    training: Training
    tensors: Mapping[str, Tensor]
    name_in_file: Callable[[str], str]


def load_checkpoint(path: Path, sha256: str | None = None) -> Checkpoint:
    """Load a weights file of either format.

    Args:
        path: the file.
        sha256: that it must have, in hexadecimal; checked before anything in it is read.

    Raises:
        WeightsError: no file there, or it can't be read.
        HashMismatchError: it has another SHA-256.
        CheckpointError: it isn't a weights file, or its tensors aren't exactly the model's; they are named.
    """
    try:
        if not path.is_file():
            raise WeightsError(f"{path}: no such weights file; `fgresq weights list` shows the names that can be used")
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise WeightsError(f"{path}: can't be read ({error.strerror})") from error
    digest = sha256_of(path)
    check_hash(path, digest, sha256)
    if not start:
        raise CheckpointError(f"{path}: is empty")
    if _is_ours(start, path):
        content = _read_safetensors(path)
    else:
        tensors = read_official(path, zipped=start.startswith(b"PK\x03\x04"))
        content = _Content(VARIANTS["released"], OFFICIAL_TRAINING, tensors, official_name)
    with torch.device("meta"):  # no memory and no random numbers for values that the file replaces
        model = build(content.config)
    _fill(model, content, path)
    return Checkpoint(model.eval().requires_grad_(False), content.config, content.training, digest)


def is_ours(path: Path) -> bool:
    """Whether a weights file is of our format, and so has a header that `read_header` reads.

    Raises:
        WeightsError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return _is_ours(file.read(9), path)
    except OSError as error:
        raise WeightsError(f"{path}: can't be read ({error.strerror})") from error


def _is_ours(start: bytes, path: Path) -> bool:
    # safetensors begins with the header's length in 8 bytes, then the header, which is JSON.
    return start[8:] == b"{" or path.suffix == ".safetensors"


def save_checkpoint(path: Path, model: FGResQ, config: ModelConfig, training: Training, *, half: bool = False) -> str:
    """Write our format, through a temporary file beside it.

    Args:
        path: to write; replaced if it exists.
        model: whose weights.
        config: that it was built from.
        training: where the weights come from.
        half: store float16, half the size.

    Returns:
        SHA-256 of the file.

    Raises:
        OutputError: it can't be written there.
        CheckpointError: NaN or infinite weights, or too large ones for float16: the file could never be loaded.
    """
    dtype = torch.float16 if half else torch.float32
    tensors = {key: value.detach().to("cpu", dtype).contiguous() for key, value in model.state_dict().items()}
    if not_finite := _not_finite(tensors):
        raise CheckpointError(f"{path}: not written; NaN or infinite values in {dtype}: {listed(not_finite)}")
    header = {"format": _FORMAT, "config": config.model_dump_json(), "training": training.model_dump_json()}
    with written_whole(path) as temporary:
        try:
            save_file(tensors, temporary, header)
            _sort_header(temporary)
        except SafetensorError as error:  # that of a full disk, too
            raise OutputError(f"{path}: can't be written ({error})") from error
    return sha256_of(path)


def _sort_header(path: Path) -> None:
    """Put the header's entries in one order; safetensors' differs from run to run, and with it the file's hash."""
    with path.open("r+b") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        file.seek(8)
        file.write(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode().ljust(size))


def read_header(path: Path) -> tuple[ModelConfig, Training]:
    """Configuration and origin of a file of our format, without its tensors.

    Raises:
        CheckpointError: it isn't a file of our format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: isn't a readable safetensors file ({error})") from error
    if header.get("format") != _FORMAT:
        raise CheckpointError(
            f"{path}: is a safetensors file, but not of format {_FORMAT} (found {header.get('format')!r}); "
            "it wasn't written by this version of fgresq"
        )
    try:
        return (
            ModelConfig.model_validate_json(header.get("config", "")),
            Training.model_validate_json(header.get("training", "")),
        )
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join((error.title, *map(str, problem["loc"])))
        raise CheckpointError(f"{path}: its header doesn't describe a model ({place}: {problem['msg']})") from error


def _read_safetensors(path: Path) -> _Content:
    config, training = read_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: isn't a readable safetensors file ({error})") from error
    return _Content(config, training, tensors, name_in_file=str)


def _fill(model: FGResQ, content: _Content, path: Path) -> None:
    expected = {content.name_in_file(key): (key, value.shape) for key, value in model.state_dict().items()}
    odd = [key for key, value in content.tensors.items() if not _is_plain(value)]
    _refuse(path, {"that aren't plain floating-point numbers on the CPU": odd})
    missing = [key for key in expected if key not in content.tensors]
    unexpected = [key for key in content.tensors if key not in expected]
    shapes = [
        f"{key} {tuple(content.tensors[key].shape)} instead of {tuple(shape)}"
        for key, (_, shape) in expected.items()
        if key in content.tensors and content.tensors[key].shape != shape
    ]
    _refuse(path, {"missing": missing, "unexpected": unexpected, "of another shape": shapes})
    own = {key: value.detach().to(torch.float32, copy=True) for key, value in content.tensors.items()}
    _refuse(path, {"with NaN or infinite values": _not_finite(own)})
    model.load_state_dict({key: own[name] for name, (key, _) in expected.items()}, strict=True, assign=True)


def _is_plain(value: Tensor) -> bool:
    dense = value.layout is torch.strided and not value.is_nested
    return dense and value.device.type == "cpu" and value.dtype in _FLOATS


def _not_finite(tensors: Mapping[str, Tensor]) -> list[str]:
    # Both extremes are NaN if any value is; one pass, where `isfinite` would take several.
    return [key for key, value in tensors.items() if not torch.isfinite(torch.stack(value.aminmax())).all()]


def _refuse(path: Path, problems: Mapping[str, list[str]]) -> None:
    """Raise if any of the lists of keys isn't empty."""
    found = "; ".join(f"{len(keys)} {what}: {listed(keys)}" for what, keys in problems.items() if keys)
    if found:
        raise CheckpointError(f"{path}: the tensors aren't this model's: {found}")
