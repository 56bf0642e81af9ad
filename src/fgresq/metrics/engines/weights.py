"""Which weights an engine's metrics had when they were first loaded; from then on they must be the same.

It's written beside the environment's own record, so making the environment anew starts afresh.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from fgresq.errors import EngineError, HashMismatchError
from fgresq.files import written_whole
from fgresq.locks import only_writer

_FILE = "weights.json"
_PATIENCE = 60.0  # seconds for another process that writes down weights
_KNOWN: TypeAdapter[dict[str, str | None]] = TypeAdapter(dict[str, str | None])


def known_weights(folder: Path) -> Mapping[str, str | None]:
    """What identified the weights of each metric that was loaded before; empty at first.

    Raises:
        EngineError: the file is damaged.
    """
    path = folder / _FILE
    if not path.exists():
        return {}
    try:
        return _KNOWN.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EngineError(f"{path}: this record of loaded weights is damaged; delete it") from error


def record_weights(folder: Path, metric: str, weights: str | None) -> None:
    """Write down the weights of a metric's first load, and compare those of later ones.

    Raises:
        HashMismatchError: they are others than the first time.
    """
    known = dict(known_weights(folder))
    if metric not in known:
        with only_writer(folder, _PATIENCE):
            known = {metric: weights, **known_weights(folder)}  # another process may have added some just now
            with written_whole(folder / _FILE) as temporary:
                temporary.write_bytes(_KNOWN.dump_json(known, indent=2))
    if known[metric] != weights:
        raise HashMismatchError(
            f"the weights of {metric} are {weights} now, but were {known[metric]} when it was first loaded; if the "
            f"change is wanted, delete {folder / _FILE}"
        )
