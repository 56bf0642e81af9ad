"""What an engine says of one picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A score, or why there is none.

    Attributes:
        score: finite, as the engine gives it (not oriented); None where there is none.
        error: why there is none; None where there is a score.
        asked: False where the engine gave up before it came to this picture, so nothing is known of the picture
            itself: ask again another time, and don't keep this as the picture's fault.
    """

    score: float | None
    error: str | None = None
    asked: bool = True
