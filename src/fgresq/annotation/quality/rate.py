"""A share with what it rests on."""

from dataclasses import dataclass

from fgresq.criteria.uncertainty import wilson_interval


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many.

    Attributes:
        count: from 0 to `of`.
        of: at least 0.
    """

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the share, if the cases were independent; None of nothing."""
        return wilson_interval(float(self.count), self.of) if self.of else None
