"""The metrics of pyiqa (https://github.com/chaofengc/IQA-PyTorch), called through its public interface."""

import gc
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving import serve


class Pyiqa:
    """The metrics that `pyiqa.create_metric` knows and that judge one picture at a time."""

    def __init__(self, device: str):
        import pyiqa  # noqa: PLC0415 - only to be imported once the pipes are safe
        import torch  # noqa: PLC0415

        self._pyiqa, self._torch = pyiqa, torch
        self._device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        self._name, self._model = "", None

    def load(self, metric: str, known: str | None) -> str | None:
        """Make a metric; returns the SHA-256 of its weights, None where it has none. pyiqa can't be asked for some."""
        if metric not in self._pyiqa.list_models():
            raise ValueError(f"pyiqa has no metric {metric!r}")
        self._free()
        model = self._pyiqa.create_metric(metric, device=self._device).eval()
        weights = sha256_of(self._torch, model)  # before it judges, since some keep what they computed
        self._name, self._model = metric, model
        return weights

    def score(self, metric: str, image: Any, reference: Any) -> float:
        """The score as pyiqa gives it."""
        model: Any = self._model
        if metric != self._name:
            raise ValueError(f"{metric} isn't loaded")
        pictures = [self._tensor(image)]
        if model.metric_mode == "FR":
            if reference is None:
                raise ValueError("compares a picture with its reference; none was given")
            pictures.append(self._tensor(reference))
        with self._torch.no_grad():
            score = model(*pictures)
        if score.numel() != 1:
            raise ValueError(f"gave {score.numel()} numbers for one picture")
        return float(score.item())

    def _tensor(self, pixels: Any) -> Any:
        scaled = self._torch.from_numpy(pixels).permute(2, 0, 1)[None].to(self._torch.float32) / 255
        return scaled.to(self._device)

    def _free(self) -> None:
        self._name, self._model = "", None
        gc.collect()  # models refer to themselves
        if self._device.type == "cuda":
            self._torch.cuda.empty_cache()


def sha256_of(torch: Any, model: Any) -> str | None:
    """SHA-256 of all that a model holds and that decides its scores; None where nothing of it was learned.

    That is its state, and what pyiqa keeps beside it so that it isn't saved: models in lists (CLIP-IQA's CLIP), tensors
    and arrays that are plain attributes (LIQE's features of its prompts), files that are read at each picture. What
    PyTorch calls a buffer that isn't persistent is left out: it's computed anew.
    """
    digest, learned = hashlib.sha256(), False
    for name, value in _held(torch, model, "", set()):
        plain = name.startswith(_PLAIN)  # which may be nothing but means and windows
        learned = learned or not plain
        digest.update(f"{name} {_form(value)}\n".encode())
        digest.update(_content(torch, value))
    return digest.hexdigest() if learned else None


_PLAIN = "plain "


def _held(torch: Any, model: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Names with tensors, arrays or paths of files, in an order that no machine changes."""
    seen.update(map(id, model.modules()))
    state = model.state_dict()
    for name in sorted(state):
        if torch.is_tensor(state[name]) and state[name].numel():  # pyiqa adds an empty one
            yield prefix + name, state[name]
    for place, module in sorted(model.named_modules()):
        path = f"{prefix}{place}." if place else prefix
        for name, value in sorted(vars(module).items()):
            if name not in ("_parameters", "_buffers", "_modules"):
                yield from _beside(torch, value, path + name, seen)


def _beside(torch: Any, value: Any, name: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """What an attribute holds that isn't part of its module's state."""
    if isinstance(value, torch.nn.Module):
        if id(value) not in seen:
            yield from _held(torch, value, f"{name}.", seen)
    elif torch.is_tensor(value) or _is_array(value):
        if 0 not in value.shape:
            yield f"{_PLAIN}{name}", value
    elif isinstance(value, str):
        if Path(value).is_absolute() and Path(value).is_file():
            yield name, value
    elif isinstance(value, (list, tuple, dict)) and id(value) not in seen:
        seen.add(id(value))
        for key, each in sorted(value.items(), key=repr) if isinstance(value, dict) else enumerate(value):
            yield from _beside(torch, each, f"{name}.{key}", seen)


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy" and getattr(getattr(value, "dtype", None), "kind", "") in ("b", *"iufc")


def _form(value: Any) -> str:
    return "file" if isinstance(value, str) else f"{value.dtype} {tuple(value.shape)}"


def _content(torch: Any, value: Any) -> bytes:
    if isinstance(value, str):
        with Path(value).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    if torch.is_tensor(value):
        content: bytes = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        return content
    return bytes(value.tobytes())


if __name__ == "__main__":
    serve(Pyiqa)
