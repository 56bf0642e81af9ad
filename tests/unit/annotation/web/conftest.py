"""An application of a small study on SQLite: 12 pairs in two groups, teams of three, one expert."""

import shutil

import pytest
from tests.unit.annotation import studies
from tests.unit.annotation.web.client import House

from fgresq.annotation.store import open_study


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The study before its first answer; making it takes longer than copying it."""
    folder = tmp_path_factory.mktemp("template")
    studies.make_study(folder, str(folder / "study.db")).close()
    return folder / "study.db"


@pytest.fixture
def house(template, tmp_path):
    study = open_study(str(shutil.copy(template, tmp_path / "study.db")))
    yield House(study)
    study.close()


@pytest.fixture
def own_house(tmp_path):
    """One whose files a test may spoil."""
    study = studies.make_study(tmp_path, str(tmp_path / "study.db"))
    yield House(study)
    study.close()


@pytest.fixture
def annotator(house):
    return house.signed_in("team1-1")


@pytest.fixture
def expert(house):
    return house.signed_in("expert-1")


@pytest.fixture
def lead(house):
    return house.signed_in("lead")
