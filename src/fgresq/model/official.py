"""The authors' file, in all the forms that it is passed on in.

A PyTorch file, bare or wrapped in {"model": ...} or {"state_dict": ...}, with or without a `module.` prefix, with the
names of either transformers layout. It is unpickled with `weights_only=True`, so it can't run code.
"""

import pickle
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from fgresq.errors import CheckpointError

_LISTED_KEYS = 5

# Our module names to the authors'; no prefix is the beginning of another.
_OFFICIAL_PREFIXES = {
    "encoder.tower.": "clip_model.",
    "degradation.encoder.tower.": "task_cls_clip.",
    "degradation.prompt.": "",
    "comparison.linear.": "compare_head.",
    "regression.linear.": "head.",
}
_OFFICIAL_TOWERS = ("clip_model.", "task_cls_clip.")
_OFFICIAL_HEADS = ("head.", "compare_head.", "task_mlp.", "prompt_mlp.")


def read_official(path: Path, zipped: bool) -> Mapping[str, Tensor]:
    """The tensors of an authors' file by their names, without what depends on how they were saved.

    Args:
        path: the file.
        zipped: it is a zip archive, as PyTorch writes them since 1.6; else it is a bare pickle.

    Raises:
        CheckpointError: it isn't a file of named tensors, or not of this model's.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old pickles and the like; what counts is checked below
            # Mapped, since reading through the unpickler takes seconds; whoever fills a model copies.
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except Exception as error:  # on damaged bytes the unpickler raises anything, struct.error and AssertionError too
        raise CheckpointError(f"{path}: {_why_not_unpickled(error)}") from error
    named = _unwrap(content, path)
    keys = Counter(map(_canonical, named))
    if twice := [key for key, count in keys.items() if count > 1]:
        raise CheckpointError(f"{path}: holds these tensors twice, under two spellings: {listed(twice)}")
    if not any(key.startswith(_OFFICIAL_HEADS) for key in keys):
        raise CheckpointError(
            f"{path}: holds no FGResQ weights; its first keys are {listed(named)}. "
            "The authors' FGResQ.pth is needed (Degradation.pth alone isn't enough)"
        )
    return {_canonical(key): value for key, value in named.items()}


def official_name(key: str) -> str:
    """The authors' name of one of our model's tensors."""
    prefix = next(prefix for prefix in _OFFICIAL_PREFIXES if key.startswith(prefix))
    return _OFFICIAL_PREFIXES[prefix] + key.removeprefix(prefix)


def _why_not_unpickled(error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError) and (found := re.search(r"GLOBAL (\S+)", str(error))):
        return f"refused: it holds {found[1]}, and only tensors are read, because a pickle can run code"
    reason = str(error).strip().split("\n")[0] if isinstance(error, (RuntimeError, OSError, MemoryError)) else ""
    return "isn't a weights file, or it is damaged" + (f" ({reason})" if reason else "")


def _unwrap(content: object, path: Path) -> Mapping[str, Tensor]:
    for wrapper in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not named tensors")
    if not content:
        raise CheckpointError(f"{path}: holds no tensors")
    wrong = [str(key) for key, value in content.items() if not (isinstance(key, str) and isinstance(value, Tensor))]
    if wrong:
        raise CheckpointError(f"{path}: these entries aren't tensors: {listed(wrong)}")
    return content


def _canonical(key: str) -> str:
    """An official key without what depends on how it was saved."""
    key = key.removeprefix("module.")
    for tower in _OFFICIAL_TOWERS:
        # transformers wrote `vision_model.` before a tower's keys up to 5.5 and nothing from 5.6 on.
        if key.startswith(tower):
            return tower + key.removeprefix(tower).removeprefix("vision_model.")
    return key


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    names = list(names)
    rest = f" and {len(names) - _LISTED_KEYS} more" if len(names) > _LISTED_KEYS else ""
    return ", ".join(names[:_LISTED_KEYS]) + rest
