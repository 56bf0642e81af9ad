"""Complete copies of the documented sources, written once and removed afterwards."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from tests.declarations.copies import WRITERS, write_copy

from fgresq.curation.sources import Scan, find_source, scan


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Path]]:
    """Name to folder; a test that changes a copy takes one of its own."""
    root = tmp_path_factory.mktemp("copies")
    yield {name: write_copy(name, root / str(number)) for number, name in enumerate(WRITERS)}
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def complete(copies: Mapping[str, Path]) -> Callable[[str], Scan]:
    """What is found in the complete copy of a source; each is looked through once."""
    return cache(lambda name: scan(find_source(name), copies[name]))
