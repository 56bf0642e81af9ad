"""The examples of docs/matching.md give what it says."""

import re
import shlex
from pathlib import Path

import pytest

from fgresq.images.matching import match_by_pattern, match_names

PAGE = (Path(__file__).parents[3] / "docs" / "matching.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```files\n(.*?)^```\n\n```matched\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("```files") == PAGE.count("```matched") > 5


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(number: int) -> None:
    files, expected = (block.splitlines() for block in EXAMPLES[number])
    pattern = None
    if files[0].startswith("--match"):
        pattern = shlex.split(files.pop(0))[1]
    matching = match_names(files) if pattern is None else match_by_pattern(files, pattern)
    found: dict[str, list[str]] = {}
    for place in matching.places:
        if place is not None:
            found.setdefault(place.algorithm, []).append(place.content)
    assert [f"{name}: {', '.join(sorted(contents))}" for name, contents in sorted(found.items())] == expected
