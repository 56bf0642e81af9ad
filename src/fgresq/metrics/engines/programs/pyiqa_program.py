"""The metrics of pyiqa (https://github.com/chaofengc/IQA-PyTorch), called through its public interface."""

import hashlib
from typing import Any

from serving import serve


class Pyiqa:
    """All metrics that `pyiqa.create_metric` knows and that judge one picture at a time."""

    def __init__(self, device: str):
        import pyiqa  # noqa: PLC0415 - only to be imported once the pipes are safe
        import torch  # noqa: PLC0415

        self._pyiqa, self._torch = pyiqa, torch
        self._device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        self._metrics: dict[str, Any] = {}

    def load(self, metric: str, known: str | None) -> str | None:
        """Make a metric; returns the SHA-256 of its weights, None where it has none. pyiqa can't be asked for some."""
        if metric not in self._pyiqa.list_models():
            raise ValueError(f"pyiqa has no metric {metric!r}")
        if metric not in self._metrics:
            self._metrics[metric] = self._pyiqa.create_metric(metric, device=self._device).eval()
        return self._weights(self._metrics[metric])

    def score(self, metric: str, image: Any, reference: Any) -> float:
        """The score as pyiqa gives it."""
        model = self._metrics[metric]
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

    def _weights(self, model: Any) -> str | None:
        tensors = {
            name: tensor for name, tensor in model.state_dict().items() if tensor.numel()
        }  # pyiqa adds an empty one
        if not tensors:
            return None
        digest = hashlib.sha256()
        for name in sorted(tensors):
            tensor = tensors[name].detach().cpu().contiguous()
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.reshape(-1).view(self._torch.uint8).numpy().tobytes())
        return digest.hexdigest()


if __name__ == "__main__":
    serve(Pyiqa)
