"""From a metric's name to its card, to what it lacks here, and to the metric: one door for all commands.

A name is one of the catalogue (`psnr`), of an installed package's entry points `fgresq.metrics`, or one of the forms in
`FORMS`. What runs a metric stands on its card (`engine`); `_RUNNERS` says where that is found. Nothing of it is
imported before it's needed, so what runs FGResQ may lie above this package.
"""

import difflib
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import cast

from fgresq.errors import FgresqError, UserError
from fgresq.metrics.base import Metric, MetricCard
from fgresq.metrics.catalogue import card_of, cards
from fgresq.metrics.engines.declarations import ENGINES
from fgresq.metrics.functions import NoModuleError, card_of_entry_point, entry_point_names
from fgresq.metrics.runners import MetricSettings, Missing, Runner
from fgresq.names import nearest

FORMS: Mapping[str, str] = {
    "fgresq:FILE": "FGResQ with weights of your own",
    "csv:FILE": "scores in a table, with the columns path and score; csv:FILE:lower where lower is better",
    "MODULE:FUNCTION": "a function of yours, of one picture or of a picture and its reference",
    "program:COMMAND": "a program of yours, in any language",
}
"""How metrics are named that no catalogue knows."""

_RUNNERS: Mapping[str, str] = {
    "native": "fgresq.metrics.native",
    "fgresq": "fgresq.scoring.metric",
    **dict.fromkeys(ENGINES, "fgresq.metrics.engines.metric"),
    "composite": "fgresq.metrics.composites",
    "csv": "fgresq.metrics.score_tables",
    "program": "fgresq.metrics.programs",
    "python": "fgresq.metrics.functions",
}
_PREFIXES = ("fgresq", "csv", "program")


def all_cards() -> tuple[MetricCard, ...]:
    """The cards of all metrics that have a name of their own: the catalogue's, then those of installed packages."""
    known = cards()
    taken = {card.name for card in known}
    return (*known, *(card_of_entry_point(name) for name in entry_point_names() if name not in taken))


def find_card(name: str) -> MetricCard:
    """The card of a metric, not yet identified.

    Raises:
        UserError: no metric of that name; the nearest names and the forms that there are stand in the message. Or the
            function, program or table that it names isn't there or can't be a metric.
    """
    if any(card.name == name for card in cards()):
        return card_of(name)
    if name in entry_point_names():
        return card_of_entry_point(name)
    prefix, colon, _ = name.partition(":")
    if not colon:
        raise UserError(f"no metric is called {name!r}; {_near(name)}")
    runner = _runner(prefix if prefix in _PREFIXES else "python")
    if prefix not in _PREFIXES and not all(part.isidentifier() for part in prefix.split(".")):
        raise UserError(f"no metric is called {name!r}, and {prefix!r} is no module of Python; {_near(name)}")
    if runner.describe is None:
        raise TypeError(f"{prefix} describes no metrics")
    try:
        return runner.describe(name)
    except NoModuleError as error:
        raise UserError(f"{error}; {_near(name)}") from error


def missing(card: MetricCard, settings: MetricSettings | None = None) -> Missing | None:
    """What a metric lacks here; None where it works. This is what lists say, and what a run refuses a metric for.

    Nothing is run or fetched.
    """
    if card.engine not in _RUNNERS:
        return Missing(f"the engine {card.engine}, which this version of fgresq doesn't have")
    return _runner(card.engine).missing(card, settings or MetricSettings())


def identify(name: str, settings: MetricSettings | None = None) -> MetricCard:
    """The card of a metric with all that its scores depend on. What keeps it from working here is found out now.

    Raises:
        UserError: no metric of that name, or it doesn't work here: the message says what it needs.
        EngineError: its engine can't start, or can't load it.
    """
    settings = settings or MetricSettings()
    card = find_card(name)
    need = missing(card, settings)
    if need is not None and not need.is_fetched:
        raise UserError(need.what)
    return _runner(card.engine).identify(card, settings)


def check(name: str, settings: MetricSettings | None = None) -> MetricCard:
    """As `identify`; a metric of the user's own is opened too, so that a file that holds none is found out at once.

    Raises:
        UserError: as `identify`, or what the name points to is no metric.
    """
    settings = settings or MetricSettings()
    card = identify(name, settings)
    if ":" in name:
        open_metric(card, settings)
    return card


def open_metric(card: MetricCard, settings: MetricSettings) -> Metric:
    """The metric of an identified card, ready to judge; a process that asks again gets the same one.

    Raises:
        UserError, EngineError: as `identify`; what the card was made of has gone since.
    """
    return _opened(card.model_copy(update={"seen": None}), settings)  # 140 kB of hashes that judge nothing


@lru_cache(maxsize=2)
def _opened(card: MetricCard, settings: MetricSettings) -> Metric:
    return _runner(card.engine).open(card, settings)


def metric(
    name: str,
    parameters: str | None = None,
    *,
    device: str = "auto",
    precision: str = "fp32",
    batch_size: int | None = None,
    order: str = "symmetric",
) -> Metric:
    """A metric by its name, ready to judge image files.

    Args:
        name: as `fgresq metrics list` prints it, or `fgresq:FILE`, `csv:FILE`, `MODULE:FUNCTION`, `program:COMMAND`.
        parameters: file or folder of the authors' parameters, for `niqe` and the like. None looks in the folder
            `metrics` of $FGRESQ_HOME, or of fgresq's cache folder.
        device, precision, batch_size: as for `fgresq.load`, for metrics that are networks.
        order: of FGResQ's comparisons: "symmetric" or "released".

    Returns:
        `score([(image, reference), ...])` answers a `Score` an image, and `card` says what the metric is. Metrics that
        are functions, all native ones among them, can also be called with arrays: `metric("psnr")(image, reference)`.

    Raises:
        UserError: no metric of that name, with the nearest ones; or what it needs to work here.
    """
    given = None if parameters is None else str(parameters)
    if given is not None and not find_card(name).parameter_files:
        raise UserError(f"{name} reads no parameters, but {given} was given")
    settings = MetricSettings(given, device, precision, batch_size, order)
    return open_metric(identify(name, settings), settings)


def all_that_work(settings: MetricSettings) -> tuple[list[MetricCard], dict[str, str]]:
    """The cards of all metrics that work here, and why each of the others doesn't.

    A metric whose weights would have to be fetched is none of them: that may take hours, so it's asked for by its name.
    """
    working, reasons = [], {}
    for card in all_cards():
        need = missing(card, settings)
        try:
            if need is not None:
                raise UserError(need.what)
            working.append(_runner(card.engine).identify(card, settings))
        except FgresqError as error:
            reasons[card.name] = str(error)
    return working, reasons


def _runner(engine: str) -> Runner:
    return cast("Runner", import_module(_RUNNERS[engine]).RUNNER)


def _near(name: str) -> str:
    forms = {form.partition(":")[0]: form for form in FORMS}
    known = [*(card.name for card in cards()), *entry_point_names()]
    if name.partition(":")[1]:
        close = difflib.get_close_matches(name.partition(":")[0].lower(), forms, n=1)
        near = f"did you mean {forms[close[0]]}?" if close else ""
    else:
        near = nearest(name.lower(), known)
    own = f"etrics of your own are named {', '.join(FORMS)}"
    return f"{near} M{own}" if near.endswith("?") else f"{near}; m{own}" if near else f"m{own}"
