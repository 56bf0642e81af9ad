"""What a configuration may say, and what is said of one that can't be."""

from pathlib import Path

import pytest
import yaml
from tests.unit.curation.pipeline.studies import write_config

from fgresq.curation.jnd.filtering import SizeRule
from fgresq.curation.pipeline.config import read_config
from fgresq.curation.tau import Tau
from fgresq.errors import UserError

ROOT = Path(__file__).parents[4]


def test_what_is_left_out_has_defaults(tmp_path):
    config = read_config(write_config(tmp_path / "c.yaml"))
    assert [copy.root for copy in config.sources] == [tmp_path / "lab.csv", tmp_path / "rain.csv"]
    assert config.taus == {"lab": Tau(own=2), "rain": Tau()}
    assert (config.jnd.threshold.ssim, config.jnd.sizes, config.sample) == (0.97, SizeRule.SKIP, None)
    assert (config.split.test_share, config.split.seed) == (0.2, 0)


def test_our_default_tau_is_filled_in_and_told(tmp_path):
    config = read_config(write_config(tmp_path / "c.yaml", tau={"PIPAL": "default", "mine": "default"}))
    assert config.taus == {"PIPAL": Tau(normalised=0.1), "mine": Tau(normalised=0.1)}
    told = config.settings()
    assert told["tau"] == {"PIPAL": "default", "mine": "default"}
    assert told["taus"] == {"PIPAL": "normalised:0.1", "mine": "normalised:0.1"}


def test_the_number_of_workers_is_no_part_of_what_is_built(tmp_path):
    one, two = (read_config(write_config(tmp_path / "c.yaml", workers=workers)) for workers in (1, 2))
    assert one.workers != two.workers
    assert one.settings() == two.settings()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"taus": {}}, r"there is no setting 'taus'; did you mean tau\?"),
        ({"tau": None}, "tau: "),
        ({"jnd": {"treshold": 0.9}}, r"there is no setting 'jnd.treshold'; did you mean threshold\?"),
        ({"jnd": {"threshold": {"image": 9}}}, r"'jnd.threshold.image'; did you mean images\?"),
        ({"jnd": {"threshold": {"noise": {"gian": 1}}}}, r"'jnd.threshold.noise.gian'; did you mean gain\?"),
        ({"jnd": {"threshold": 1.5}}, r"jnd.threshold.ssim: input should be less than or equal to 1"),
        ({"jnd": {"threshold": {"ssim": 0.9, "seed": 3}}}, "ssim and seed: a threshold is either given or measured"),
        ({"jnd": {"threshold": {"ssim": 0.9, "file": "t.json"}}}, "ssim and file: a threshold is either"),
        ({"jnd": {"sizes": "stretch"}}, "jnd.sizes: "),
        ({"tau": {"lab": {"won": 2}}}, r"there is no setting 'tau.lab.won'; did you mean own\?"),
        ({"tau": {"lab": {"own": 2, "normalised": 0.1}}}, "tau.lab: own and normalised are two ways"),
        ({"tau": {"lab": "none"}}, "tau.lab: "),
        ({"tau": {"lab": {"own": 0}}}, "tau.lab.own: input should be greater than 0"),
        ({"sources": []}, "sources: "),
        ({"sources": [{"name": "PIPPAL", "root": "x"}]}, r"no source is called 'PIPPAL'; did you mean PIPAL"),
        ({"sources": [{"name": "PIPAL", "rot": "x"}]}, r"'sources.0.rot'; did you mean root\?"),
        ({"sample": {"targets": {"Derraining": 5}}}, r"did you mean Deraining"),
        ({"sample": {"targets": {"Deraining": 0}}}, "sample.targets.Deraining: "),
        ({"split": {"test_share": 1}}, "split.test_share: "),
        ({"workers": 0}, "workers: "),
    ],
)
def test_what_cannot_be_is_named(tmp_path, changes, said):
    path = write_config(tmp_path / "c.yaml", **changes)
    with pytest.raises(UserError, match=said) as caught:
        read_config(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"a: [", b"- 1", b"", b"\xff\xfe\x00"])
def test_files_that_hold_no_configuration(tmp_path, content):
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"c\.yaml"):
        read_config(tmp_path / "c.yaml")
    with pytest.raises(UserError, match=r"absent\.yaml: can't be read"):
        read_config(tmp_path / "absent.yaml")


def test_a_threshold_file_counts_by_what_it_holds(tmp_path):
    config = read_config(write_config(tmp_path / "c.yaml", jnd={"threshold": {"file": "t.json"}}))
    assert config.jnd.threshold.file == tmp_path / "t.json"
    with pytest.raises(UserError, match=r"t\.json: can't be read"):
        config.settings()
    (tmp_path / "t.json").write_text("1")
    before = config.settings()
    (tmp_path / "t.json").write_text("2")
    assert config.settings() != before


def test_the_examples_can_be_read():
    examples = sorted((ROOT / "configs").glob("curate-*.yaml"))
    assert examples
    for path in examples:
        config = read_config(path)
        assert config.settings()["fgresq"]
        assert yaml.safe_load(path.read_text())["name"] == config.name
