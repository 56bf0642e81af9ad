"""Whether an engine's weights are on this machine: in the caches of its libraries, which fetch what is absent.

Nothing is run, fetched or written. The places are those that PyTorch's hub and the Hugging Face hub document, with the
variables that move them.
"""

import json
import os
from pathlib import Path

from fgresq.metrics.base import MetricCard
from fgresq.names import first_few

NOT_ON_DISK = "ready, weights not on disk"
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".model")


def missing_weights(card: MetricCard) -> tuple[Path, ...]:
    """Files and folders of a metric's weights that aren't there, as far as they are declared; empty where all are."""
    missing = []
    for place in card.weights_in:
        kind, _, name = place.partition(":")
        if kind == "hub":
            path = _hub() / f"models--{name.replace('/', '--')}"
            there = _is_whole(path)
        else:
            path = (_torch() if kind == "torch" else Path.home()) / name
            there = path.is_file()
        if not there:
            missing.append(path)
    return tuple(missing)


def needs_fetching(card: MetricCard) -> str | None:
    """What of a metric's weights isn't there and what fetches it; None where all is there."""
    missing = missing_weights(card)
    return f"{NOT_ON_DISK}: {first_few(missing)}; a run that names the metric fetches them" if missing else None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _torch() -> Path:
    return Path(os.environ.get("TORCH_HOME") or _cache() / "torch").expanduser() / "hub"


def _hub() -> Path:
    home = Path(os.environ.get("HF_HOME") or _cache() / "huggingface")
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if chosen := os.environ.get(variable):
            return Path(chosen).expanduser()
    return home.expanduser() / "hub"


def _is_whole(repository: Path) -> bool:
    """Whether a commit of a repository is there with its weights: all of them, where an index names them."""
    return any(_holds_weights(snapshot) for snapshot in (repository / "snapshots").glob("*"))


def _holds_weights(snapshot: Path) -> bool:
    # What is still being fetched has another name, and no link here.
    indexes = [_named_in(index) for index in snapshot.glob("*.index.json")]
    if indexes:
        return any(names and all((snapshot / name).is_file() for name in names) for names in indexes)
    return any(path.is_file() and path.suffix in _WEIGHTS for path in snapshot.glob("*"))


def _named_in(index: Path) -> set[str]:
    try:
        return {str(name) for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return set()
