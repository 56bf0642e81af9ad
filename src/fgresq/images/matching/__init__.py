"""From the names of files to data sets, algorithms and contents; no picture is read here."""

from fgresq.images.matching.families import Family, checkpoints_among, runs_among
from fgresq.images.matching.levels import Matching, Place, match_names
from fgresq.images.matching.pattern import match_by_pattern
from fgresq.images.matching.references import match_references

__all__ = [
    "Family",
    "Matching",
    "Place",
    "checkpoints_among",
    "match_by_pattern",
    "match_names",
    "match_references",
    "runs_among",
]
