"""The nouns that every stage shares."""

from enum import StrEnum


class Preference(StrEnum):
    """Which of two images looks better."""

    A = "A"
    B = "B"
    EQUAL = "equal"
