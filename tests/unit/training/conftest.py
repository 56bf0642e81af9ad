from collections.abc import Iterator

import pytest
import torch
from tests.unit.training.study import make_study

from fgresq.manifest import Manifest


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return make_study(tmp_path_factory.mktemp("study") / "data")


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Networks this small are slower on two threads, and many times slower where the cores are shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield
    torch.set_num_threads(threads)
