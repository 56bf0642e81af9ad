"""Weights on disk, loaded strictly or not at all.

Two formats:

- ours: safetensors; the header holds the model's configuration and where the weights come from, so a file is enough;
- the authors': a PyTorch file, bare or wrapped in {"model": ...} or {"state_dict": ...}, with or without a `module.`
  prefix. It is unpickled with `weights_only=True`, so it can't run code.

Every tensor of the model must be in the file, with its shape, and nothing else: a load that leaves a part of the model
as it was initialised gives plausible numbers that mean nothing.
"""

import hashlib
import pickle
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from fgresq.errors import CheckpointError, WeightsError
from fgresq.files import written_whole
from fgresq.model.build import VARIANTS, ModelConfig, build
from fgresq.model.fgresq import FGResQ

_FORMAT = "fgresq-1"
_LISTED_KEYS = 5

# The authors' module names to ours, longest prefix first where two begin alike.
_OFFICIAL_PREFIXES = {
    "clip_model.": "encoder.tower.",
    "task_cls_clip.": "degradation.encoder.tower.",
    "task_mlp.": "degradation.prompt.task_mlp.",
    "prompt_mlp.": "degradation.prompt.prompt_mlp.",
    "compare_head.": "comparison.linear.",
    "head.": "regression.linear.",
}


class Training(BaseModel):
    """Where weights come from.

    Attributes:
        note: one line for people: what the weights were trained on, or that they weren't.
        trained: False for weights that were only initialised.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    note: str
    trained: bool


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


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_checkpoint(path: Path) -> Checkpoint:
    """Load a weights file of either format.

    Raises:
        WeightsError: no file there, or it can't be read.
        CheckpointError: it isn't a weights file, or its tensors aren't exactly the model's; they are named.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file; `fgresq weights list` shows the names that can be used")
    try:
        with path.open("rb") as file:
            start = file.read(9)
        digest = sha256_of(path)
    except OSError as error:
        raise WeightsError(f"{path}: can't be read ({error.strerror})") from error
    # safetensors begins with the header's length in 8 bytes, then the header, which is JSON.
    config, training, tensors = _read_safetensors(path) if start[8:9] == b"{" else _read_official(path)
    with torch.device("meta"):  # no memory and no random numbers for values that the file replaces
        model = build(config)
    _fill(model, tensors, path)
    return Checkpoint(model.eval().requires_grad_(False), config, training, digest)


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
    """
    dtype = torch.float16 if half else torch.float32
    tensors = {key: value.detach().to("cpu", dtype).contiguous() for key, value in model.state_dict().items()}
    header = {"format": _FORMAT, "config": config.model_dump_json(), "training": training.model_dump_json()}
    with written_whole(path) as temporary:
        save_file(tensors, temporary, header)
    return sha256_of(path)


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
        place = ".".join(map(str, problem["loc"]))
        raise CheckpointError(f"{path}: its header doesn't describe a model ({place}: {problem['msg']})") from error


def _read_safetensors(path: Path) -> tuple[ModelConfig, Training, dict[str, Tensor]]:
    config, training = read_header(path)
    with safe_open(path, framework="pt") as file:
        return config, training, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping


def _read_official(path: Path) -> tuple[ModelConfig, Training, dict[str, Tensor]]:
    try:
        # Mapped, since reading through the unpickler takes seconds; `_fill` copies, so the file may change later.
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: refused; it isn't a plain weights file (a pickle may hold code, so only tensors are read)"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{path}: isn't a weights file, or it is damaged ({reason})") from error
    tensors = _unwrap(content, path)
    if not any(key.startswith(tuple(_OFFICIAL_PREFIXES)) for key in tensors):
        raise CheckpointError(
            f"{path}: holds no FGResQ weights; its first keys are {_listed(tensors)}. "
            "The authors' FGResQ.pth is needed (Degradation.pth alone isn't enough)"
        )
    return VARIANTS["released"], OFFICIAL_TRAINING, {_our_name(key): value for key, value in tensors.items()}


def _unwrap(content: object, path: Path) -> dict[str, Tensor]:
    for wrapper in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not named tensors")
    wrong = [str(key) for key, value in content.items() if not (isinstance(key, str) and isinstance(value, Tensor))]
    if wrong:
        raise CheckpointError(f"{path}: these entries aren't tensors: {_listed(wrong)}")
    return {str(key).removeprefix("module."): value for key, value in content.items()}


def _our_name(key: str) -> str:
    if key == "prompt":
        return "degradation.prompt.prompt"
    for theirs, ours in _OFFICIAL_PREFIXES.items():
        if key.startswith(theirs):
            # transformers wrote `vision_model.` before a tower's keys up to 5.5 and nothing from 5.6 on.
            return ours + key.removeprefix(theirs).removeprefix("vision_model.")
    return key


def _fill(model: FGResQ, tensors: Mapping[str, Tensor], path: Path) -> None:
    expected = model.state_dict()
    missing = [key for key in expected if key not in tensors]
    unexpected = [key for key in tensors if key not in expected]
    shapes = [
        f"{key} {tuple(tensors[key].shape)} instead of {tuple(value.shape)}"
        for key, value in expected.items()
        if key in tensors and tensors[key].shape != value.shape
    ]
    not_finite = [key for key, value in tensors.items() if not torch.isfinite(value).all()]
    problems = [
        f"{len(keys)} {what}: {_listed(keys)}"
        for what, keys in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", shapes),
            ("with NaN or infinite values", not_finite),
        )
        if keys
    ]
    if problems:
        raise CheckpointError(f"{path}: the tensors aren't this model's: " + "; ".join(problems))
    own = {key: value.to(torch.float32, copy=True) for key, value in tensors.items()}
    model.load_state_dict(own, strict=True, assign=True)


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    rest = f" and {len(names) - _LISTED_KEYS} more" if len(names) > _LISTED_KEYS else ""
    return ", ".join(names[:_LISTED_KEYS]) + rest
