"""Algorithms that belong together by their names: runs or seeds of one, checkpoints of one training."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_RUN = re.compile(r"(?:seed|run|trial|rep|repeat|repetition)[-_ =]?(?P<number>\d+)", re.IGNORECASE)
_STEP = re.compile(
    r"(?:(?:net_g|iter|iters|iteration|step|steps|global_step|epoch|ep|ckpt|checkpoint)[-_ =]?)(?P<number>\d+)(?P<k>k?)"
    r"|(?P<number2>\d+)(?P<k2>k?)[-_ ]?(?:iters?|iterations?|steps?|epochs?)",
    re.IGNORECASE,
)
_LAST = re.compile(r"(?P<base>.*?)[/_\-. ]?(?P<last>[^/]*)")


@dataclass(frozen=True, slots=True)
class Family:
    """Algorithms of one base name.

    Attributes:
        name: what they have in common; "" where they are called by their steps alone.
        members: number of the run or step, and the algorithm, in order of the number.
    """

    name: str
    members: tuple[tuple[int, str], ...]


def is_run(name: str) -> bool:
    """Whether a folder is called by a seed or the number of a run."""
    return _RUN.fullmatch(name) is not None


def is_checkpoint(name: str) -> bool:
    """Whether a folder is called by a step of training."""
    return _STEP.fullmatch(name) is not None


def is_bare_step(name: str) -> bool:
    """Whether a name is a number as steps of training are called: 5000, not 0901."""
    return name.isdecimal() and not name.startswith("0") and int(name) % 100 == 0


def runs_among(algorithms: Sequence[str]) -> tuple[Family, ...]:
    """Algorithms of which there are two runs or more: NAME/seed1, NAME_run2."""
    return _families(algorithms, _RUN)


def checkpoints_among(algorithms: Sequence[str]) -> tuple[Family, ...]:
    """Trainings of which there are two steps or more: NAME/iter_5000, iter_10000, NAME_10k_steps, or 5000 and 10000."""
    bare = tuple(sorted((int(name), name) for name in algorithms if is_bare_step(name)))
    found = _families(algorithms, _STEP)
    return (*found, Family("", bare)) if len(bare) > 1 and all(of.name for of in found) else found


def _families(algorithms: Sequence[str], pattern: re.Pattern[str]) -> tuple[Family, ...]:
    ending = re.compile(rf"(?P<base>|.*?[/_\-. ])(?:{pattern.pattern})", re.IGNORECASE)
    found: dict[str, dict[int, str]] = {}
    doubtful = set()
    for name in algorithms:
        match = ending.fullmatch(name)
        if match is None:
            continue
        of = match.groupdict()
        number = int(of.get("number") or of.get("number2") or 0) * (1000 if of.get("k") or of.get("k2") else 1)
        base = of["base"].rstrip("/_-. ")
        if number in found.setdefault(base, {}):
            doubtful.add(base)  # steps and epochs, say: of which nobody knows the order
        found[base][number] = name
    return tuple(
        Family(base, tuple(sorted(members.items())))
        for base, members in found.items()
        if len(members) > 1 and base not in doubtful
    )
