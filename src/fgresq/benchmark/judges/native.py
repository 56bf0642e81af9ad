"""The metrics that are written here, as judges of files."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fgresq.benchmark.judges.base import Declaration, Subject, Verdict
from fgresq.errors import ImageError, UserError
from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.metrics.base import Metric, MetricSpec, Picture
from fgresq.metrics.native import NATIVE, metric
from fgresq.metrics.parameters import find_parameters

_AT_ONCE = 8


def declare_native(name: str, parameters: str | None) -> Declaration:
    """The declaration of a native metric with the parameter files that it would read.

    Raises:
        UserError: its parameters aren't there.
    """
    spec = NATIVE[name]
    return Declaration(
        name=spec.name,
        metric=spec.name,
        title=spec.title,
        full_reference=spec.full_reference,
        higher_is_better=spec.higher_is_better,
        engine="native",
        version=str(spec.revision),
        parameters=_hash_of_parameters(spec, parameters),
    )


@dataclass(frozen=True, slots=True)
class NativeJudge:
    """A native metric; pictures of two sizes are an error of the image, since cropping would change the question."""

    declaration: Declaration
    measure: Metric
    at_once: int = _AT_ONCE
    spreads: bool = True

    def scores(self, subjects: Sequence[Subject]) -> list[Verdict]:
        """As `Judge`."""
        return [self._score(subject) for subject in subjects]

    def _score(self, subject: Subject) -> Verdict:
        try:
            image = _picture(subject.image)
            reference = _picture(subject.reference) if subject.reference is not None else None
            value = float(self.measure(image, reference))
        except ImageError as error:
            return Verdict(None, error.reason if error.name == subject.image else str(error))
        except (UserError, ArithmeticError, np.linalg.LinAlgError, MemoryError) as error:
            return Verdict(None, str(error) or type(error).__name__)
        return Verdict(None, "the metric's answer isn't a number") if math.isnan(value) else Verdict(value)


def open_native(name: str, parameters: str | None) -> NativeJudge:
    """A native metric, its parameters read.

    Raises:
        UserError: as `fgresq.metrics.native.metric`.
    """
    reads = bool(NATIVE[name].parameter_files)
    return NativeJudge(declare_native(name, parameters), metric(name, parameters if reads else None))


def _picture(path: str) -> Picture:
    return to_unit(decode(Path(path)))


def _hash_of_parameters(spec: MetricSpec, given: str | None) -> str | None:
    """Of all declared files that are there, in the declaration's order; or of the one file that was named."""
    if not spec.parameter_files:
        return None
    place = find_parameters(spec, None if given is None else Path(given))
    files = [place] if place.is_file() else [place / name for name in spec.parameter_files if (place / name).is_file()]
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
