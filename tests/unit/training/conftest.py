from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.unit.training.study import TINY, make_study

from fgresq.manifest import Manifest
from fgresq.training.config import DegradationConfig, QualityConfig
from fgresq.training.run import run


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small are slower on two threads, and many times slower where the cores are shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return make_study(tmp_path_factory.mktemp("study") / "data")


@pytest.fixture(scope="session")
def stage_one(study: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished stage 1."""
    out = tmp_path_factory.mktemp("stage-one")
    run(study, DegradationConfig(**TINY, epochs=15), out)
    return out


@pytest.fixture(scope="session")
def stage_two(study: Manifest, stage_one: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished stage 2."""
    out = tmp_path_factory.mktemp("stage-two")
    run(study, QualityConfig(**TINY, epochs=8, degradation=str(stage_one / "best.pt")), out)
    return out


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a finished stage is slow, since a training of some seconds comes before it."""
    for item in items:
        if {"stage_one", "stage_two"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
