"""tau_d of eq. 1: how far apart the scores of two images may lie for the pair to count as fine-grained."""

import math

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fgresq.errors import UserError

KEEP_ALL = "keep-all"


class Tau(BaseModel):
    """One source's tau_d: on the source's own scale, or as a share of the spread of its labels, or none at all.

    Exactly one of the two numbers is given, or neither, which keeps every pair of the source whatever its scores are
    (a source without labels needs that). In YAML: `{own: 100}`, `{normalised: 0.1}`, `keep-all`.

    Attributes:
        own: on the source's own scale, such as 100 Elo points; above 0.
        normalised: share of the spread of the source's labels; above 0, and 1 keeps everything within the spread.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    own: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    normalised: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: object) -> object:
        return {} if value == KEEP_ALL else value

    @model_validator(mode="after")
    def _one_scale(self) -> "Tau":
        if self.own is not None and self.normalised is not None:
            raise ValueError("own and normalised are two ways to say one thing; give one of them")
        return self

    @property
    def keeps_all(self) -> bool:
        """Whether every pair passes, also one without scores."""
        return self.own is None and self.normalised is None

    def on_own_scale(self, spread: float | None, source: str) -> float:
        """The threshold on the source's own scale; infinite if every pair passes.

        Args:
            spread: what a normalised difference is divided by; None when it isn't known.
            source: its name, for the error.

        Raises:
            UserError: a normalised threshold, and no spread.
        """
        if self.own is not None:
            return self.own
        if self.normalised is None:
            return math.inf
        if spread is None or spread <= 0:
            raise UserError(
                f"{source}: a normalised tau needs the spread of the source's labels, and none is known; give tau on "
                f"the source's own scale, or {KEEP_ALL}"
            )
        return self.normalised * spread

    def __str__(self) -> str:
        if self.own is not None:
            return f"own:{self.own:g}"
        return KEEP_ALL if self.normalised is None else f"normalised:{self.normalised:g}"


def parse_tau(text: str) -> Tau:
    """Read `own:100`, `normalised:0.1` or `keep-all`.

    Raises:
        UserError: it is something else, or the number isn't above 0.
    """
    if text == KEEP_ALL:
        return Tau()
    scale, _, number = text.partition(":")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if scale not in ("own", "normalised") or not 0 < value < math.inf:
        raise UserError(f"{text!r} isn't a tau; own:NUMBER, normalised:NUMBER (above 0) or {KEEP_ALL} is needed")
    return Tau(**{scale: value})
