import pytest
from tests.unit.training.study import make_study

from fgresq.manifest import Manifest


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return make_study(tmp_path_factory.mktemp("study") / "data")
