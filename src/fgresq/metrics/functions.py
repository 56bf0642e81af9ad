"""Functions of pictures as metrics: those written here, and a user's own as `MODULE:FUNCTION`."""

import hashlib
import importlib
import inspect
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

import numpy as np

from fgresq.errors import ImageError, UserError
from fgresq.images.decode import decode
from fgresq.images.unit import to_unit
from fgresq.metrics.base import (
    Item,
    Metric,
    MetricCard,
    PairMetric,
    PairScore,
    Picture,
    Reference,
    Score,
    Scores,
)
from fgresq.metrics.directions import split_direction
from fgresq.metrics.runners import MetricSettings, Missing, Runner
from fgresq.names import nearest

ENTRY_POINTS = "fgresq.metrics"
_PLAIN = ("higher_is_better", "lowest", "highest", "licence", "citation", "spreads")
ATTRIBUTES = (*_PLAIN, "full_reference", "title", "version")
"""Of a function; each says what its card says."""
_NOT_STATED = "not stated"
_FAULTS = (UserError, ArithmeticError, np.linalg.LinAlgError, MemoryError)


class NoModuleError(UserError):
    """The first part of a name, as a module, isn't there; so it may be another kind of name that was misspelt."""


@dataclass(frozen=True, slots=True)
class FunctionMetric:
    """A function of pictures as a metric. It can also be called with pictures, alone or in a batch.

    Files are decoded as everywhere in fgresq: RGB (height, width, 3), float32 in [0, 1], whatever their depth. Pictures
    of two sizes are an error of the image, since cropping would change the question.

    Attributes:
        card: what it is; `full_reference` says whether the function takes one picture or two.
        function: of a picture, or of a picture and its reference; answers a number.
        faults: exceptions that are the picture's fault; others are the function's, and end the work.
    """

    card: MetricCard
    function: Callable[..., float]
    faults: tuple[type[Exception], ...] = _FAULTS

    def __call__(self, image: Picture, reference: Reference | None = None) -> float:
        """The score of one picture; a no-reference metric leaves `reference` aside.

        Raises:
            UserError: the picture can't be judged, or a full-reference metric got no reference.
        """
        if not self.card.full_reference:
            return self.function(image)
        if reference is None:
            raise UserError(f"{self.card.title} compares a picture with its reference; none was given")
        return self.function(image, reference)

    def batch(self, images: Sequence[np.ndarray], references: Sequence[np.ndarray] | None = None) -> Scores:
        """The scores of pictures of any sizes, in their order: exactly what single calls give.

        Raises:
            UserError: as `__call__`; one that can't be judged is an error for all of them.
        """
        if not self.card.full_reference:
            return np.array([self.function(image) for image in images], dtype=np.float64)
        if references is None:
            raise UserError(f"{self.card.title} compares pictures with their references; none were given")
        if len(references) != len(images):
            raise UserError(f"{len(images)} pictures and {len(references)} references were given; one each is needed")
        pairs = zip(images, references, strict=True)
        return np.array([self.function(image, reference) for image, reference in pairs], dtype=np.float64)

    def score(self, items: Sequence[Item]) -> list[Score]:
        """As `Metric`."""
        return [self._score(os.fspath(image), reference) for image, reference in items]

    def _score(self, path: str, reference: str | os.PathLike[str] | None) -> Score:
        try:
            image = to_unit(decode(Path(path)))
            looks = self.card.full_reference and reference is not None
            pristine = to_unit(decode(Path(reference))) if looks and reference is not None else None
        except ImageError as error:
            return Score(None, error.reason if error.name == path else str(error))
        except (UserError, MemoryError) as error:
            return Score(None, str(error) or type(error).__name__)
        try:
            return _checked(self(image, pristine))
        except self.faults as error:
            return Score(None, _reason(error))


def _checked(answer: Any) -> Score:
    """A number as a score; anything else as a failure."""
    try:
        value = float(answer)
    except (TypeError, ValueError, RuntimeError):  # RuntimeError: of a tensor with many values
        return Score(None, f"the metric's answer is of type {type(answer).__name__}, not a number")
    return Score(None, "the metric's answer isn't a number") if math.isnan(value) else Score(value)


def _reason(error: Exception) -> str:
    if isinstance(error, _FAULTS):
        return str(error) or type(error).__name__
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


@dataclass(frozen=True, slots=True)
class ObjectMetric:
    """A user's object with a card and `score`, whose faults are failures of images instead of the end of all.

    Attributes:
        card: what it is.
        judge: the object.
    """

    card: MetricCard
    judge: Metric

    def score(self, items: Sequence[Item]) -> list[Score]:
        """As `Metric`. Where it fails on several files at once, it's asked for each alone, to find out on which."""
        try:
            found = list(self.judge.score(items))
        except Exception as error:  # noqa: BLE001 - whatever a user's object raises is the reason
            if len(items) == 1:
                return [Score(None, _reason(error))]
            return [answer for item in items for answer in self.score([item])]
        if len(found) != len(items) or not all(isinstance(answer, Score) for answer in found):
            kinds = ", ".join(sorted({type(answer).__name__ for answer in found}))
            raise UserError(
                f"{self.card.name}: answered {len(found)} times for {len(items)} images ({kinds or 'nothing'}); one "
                "fgresq.Score each is needed, in their order"
            )
        return [answer if answer.value is None else _checked(answer.value) for answer in found]


@dataclass(frozen=True, slots=True)
class PairObjectMetric(ObjectMetric):
    """The same of an object that also compares."""

    def compare(self, pairs: Sequence[tuple[str, str]]) -> list[PairScore]:
        """As `PairMetric`."""
        judge = cast("PairMetric", self.judge)
        try:
            return list(judge.compare(pairs))
        except Exception as error:  # noqa: BLE001 - likewise
            if len(pairs) > 1:
                return [answer for pair in pairs for answer in self.compare([pair])]
            failed = Score(None, _reason(error))
            return [PairScore(None, None, None, None, (failed, failed))]


def entry_point_names() -> tuple[str, ...]:
    """Names of the metrics that installed packages bring, in the alphabet's order."""
    return tuple(sorted(point.name for point in entry_points(group=ENTRY_POINTS)))


def card_of_entry_point(name: str) -> MetricCard:
    """The card of a metric that an installed package brings; where it can't be imported, of its name alone."""
    point = _entry_point(name)
    try:
        return _card(name, point.value, _imported(point.value))
    except UserError:
        return MetricCard(
            name=name,
            title=name,
            full_reference=False,
            higher_is_better=True,
            engine="python",
            engine_name=point.value,
            licence=_NOT_STATED,
        )


def _entry_point(name: str) -> EntryPoint:
    return next(point for point in entry_points(group=ENTRY_POINTS) if point.name == name)


def describe(name: str) -> MetricCard:
    """The card of `MODULE:FUNCTION`, with `:lower` or `:higher` behind it where the function doesn't say it.

    The function takes one picture (a metric without reference) or two, the second being the reference, as float32 RGB
    (height, width, 3) in [0, 1], and answers a number. Its attributes, all optional, say what its card says:
    `higher_is_better` (True), `full_reference` (else the number of its parameters decides), `title`, `version` (else a
    hash of its source file stands for it), `lowest`, `highest`, `licence`, `citation`, `spreads` (whether several
    processes may each run one, True). An object that has a `card` and `score`, as `fgresq.metrics.base.Metric`, is
    taken as it is; of a class, one object is made.

    Raises:
        UserError: no such module or function, or it isn't known how many pictures it takes.
    """
    target, lower = split_direction(name)
    card = _card(name, target, _imported(target))
    return card if lower is None else card.model_copy(update={"higher_is_better": not lower})


def _card(name: str, target: str, found: Any) -> MetricCard:
    if isinstance(found, Metric):
        if found.card.compares and not isinstance(found, PairMetric):
            raise UserError(f"{target}: its card says that it compares, but it has no `compare`")
        licence = found.card.licence if "licence" in found.card.model_fields_set else _NOT_STATED
        known = {"name": name, "engine": "python", "engine_name": target, "licence": licence}
        return found.card.model_copy(update=known)
    if not callable(found):
        raise UserError(f"{target}: is of type {type(found).__name__}; a function of a picture is needed")
    stated = {field: value for field in _PLAIN if (value := getattr(found, field, None)) is not None}
    return MetricCard(
        **{
            "name": name,
            "title": str(getattr(found, "title", target.rpartition(":")[2])),
            "full_reference": _takes_a_reference(target, found),
            "higher_is_better": True,
            "engine": "python",
            "engine_name": target,
            "licence": _NOT_STATED,
            "at_once": 8,
            **stated,
        }
    )


def _takes_a_reference(target: str, function: Callable[..., Any]) -> bool:
    stated = getattr(function, "full_reference", None)
    if stated is not None:
        return bool(stated)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of functions in C
        needed = 0
    else:
        places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        needed = sum(each.kind in places and each.default is inspect.Parameter.empty for each in parameters)
    if needed not in (1, 2):
        raise UserError(
            f"{target}: its parameters don't say whether it takes a picture, or a picture and its reference; give the "
            "function an attribute `full_reference`, True or False"
        )
    return needed == 2


@cache
def _imported(target: str) -> Any:
    """What `MODULE:FUNCTION` names, of a class one object; the current folder is searched too, after all others.

    Raises:
        UserError: there is no such module or function, or the module fails when it's imported.
    """
    module_name, _, path = target.partition(":")
    if not path:
        raise UserError(f"{target}: names no function; write MODULE:FUNCTION")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and module_name.split(".")[0] == error.name:
            raise NoModuleError(f"{target}: no module {error.name} is installed, or in {here}") from error
        raise UserError(f"{target}: the module {module_name} can't be imported ({_said(error)})") from error
    except Exception as error:  # whatever a user's module raises is the reason
        raise UserError(f"{target}: the module {module_name} can't be imported ({_said(error)})") from error
    for part in path.split("."):
        if not hasattr(found, part):
            names = [each for each in dir(found) if not each.startswith("_")]
            raise UserError(f"{target}: {module_name} has no {path}; {nearest(part, names)}")
        found = getattr(found, part)
    if not inspect.isclass(found):
        return found
    try:
        return found()
    except Exception as error:
        raise UserError(f"{target}: no object of this class can be made without arguments ({_said(error)})") from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _missing(card: MetricCard, settings: MetricSettings) -> Missing | None:
    try:
        _imported(card.engine_name)
    except UserError as error:
        return Missing(str(error))
    return None


def _identify(card: MetricCard, settings: MetricSettings) -> MetricCard:
    """By the function's version; where it states none, by its source file, so that an edited one is another metric."""
    found = _imported(card.engine_name)
    if isinstance(found, Metric) and found.card.version:
        return card.model_copy(update={"metric": card.metric or card.engine_name})
    version = getattr(found, "version", None)
    if version is None:
        version = f"source {_source_hash(card.engine_name, found)}"
    return card.model_copy(update={"metric": card.engine_name}).identified(version=str(version))


def _source_hash(target: str, found: Any) -> str:
    function = inspect.unwrap(found) if inspect.isroutine(found) else type(found)
    try:
        path = inspect.getsourcefile(function)
        if path is not None:
            return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
    except (TypeError, OSError):
        pass
    raise UserError(f"{target}: its source can't be read, so give it an attribute `version`, by which scores are kept")


def _open(card: MetricCard, settings: MetricSettings) -> Metric:
    found = _imported(card.engine_name)
    if isinstance(found, Metric):
        return (PairObjectMetric if card.compares else ObjectMetric)(card, found)
    return FunctionMetric(card, found, (Exception,))


RUNNER = Runner(_missing, _identify, _open, describe)
