"""The engine's side of the pipes. It runs where fgresq isn't installed, so it uses Python's own library only.

A request is a line of JSON, and so is its answer, which repeats the number `turn`:

    {"turn": 1, "load": METRIC, "known": ID or null}                        {"turn": 1, "weights": ID or null}
    {"turn": 2, "score": METRIC, "image": FILE, "reference": FILE or null}  {"turn": 2, "score": NUMBER}

Either may be answered {"turn": N, "error": TEXT} instead. The first line, unasked, is {"ready": true}, or why not.
ID is what identifies weights: a hash of them, or their commit on the hub; `known` is the one of the first load. FILE
holds 8-bit RGB (height, width, 3) as `numpy.save` writes it.

A program holds one metric at a time: two large models needn't fit beside each other. A picture is scored by the metric
that was loaded last.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Metrics(Protocol):
    """What an engine's program has to offer. Pictures are uint8 arrays (height, width, 3)."""

    def load(self, metric: str, known: str | None) -> str | None:
        """Free the metric that is held, then get this one ready; returns the ID of its weights.

        `known` is the ID of its first load: those weights are wanted, if they can be asked for.
        """

    def score(self, metric: str, image: Any, reference: Any) -> float:
        """The score of a picture; `reference` is None where there is none."""


def serve(start: Callable[[str], Metrics]) -> None:
    """Answer requests until there are no more.

    Args:
        start: given the device that was asked for, imports what is needed and returns the metrics.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="auto")
    device = parser.parse_args().device
    # Libraries print as they please, from C too, and what they start inherits both ends. So they get stderr and an
    # empty input in the place of the pipes, and the pipes move to where nobody knows them.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)

    def say(message: Mapping[str, Any]) -> None:
        answers.write(json.dumps(message).encode() + b"\n")

    try:
        metrics = start(device)
    except Exception as error:  # noqa: BLE001 - whatever a library raises at import is the reason
        say({"ready": False, "error": _reason(error)})
        sys.exit(1)
    say({"ready": True})
    for line in requests:
        request = json.loads(line)
        say({"turn": request["turn"], **_answer(metrics, request)})


def _answer(metrics: Metrics, request: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        if "load" in request:
            return {"weights": metrics.load(request["load"], request["known"])}
        image, reference = _pixels(request["image"]), _pixels(request["reference"])
        return {"score": float(metrics.score(request["score"], image, reference))}
    except Exception as error:  # noqa: BLE001 - it is answered, and fgresq names the picture with it
        return {"error": _reason(error)}


def _pixels(path: str | None) -> Any:
    if path is None:
        return None
    import numpy as np  # noqa: PLC0415 - every engine has it

    return np.load(path, allow_pickle=False)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines)[:500]}" if lines else type(error).__name__
