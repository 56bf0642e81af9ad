"""What was frozen before metrics became one thing (tests/golden/benchmark/make.py): a store, its tables, all keys.

A store holds days of work, so later code reads it, says the same of it, and computes nothing of it again.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.end_to_end.command import inside

from fgresq.benchmark.store import open_store
from fgresq.metrics.catalogue import cards
from fgresq.metrics.engines import metric as engine_metric
from fgresq.metrics.engines.engine import Engine
from fgresq.metrics.engines.environment import State
from fgresq.metrics.native import NATIVE
from fgresq.metrics.registry import identify
from fgresq.metrics.runners import MetricSettings
from fgresq.scoring import metric as model
from fgresq.version import __version__

GOLDEN = Path(__file__).parents[2] / "golden" / "benchmark"
FROZEN_VERSION = "0.1.0"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return shutil.copytree(GOLDEN / "store", tmp_path / "store")


@pytest.mark.parametrize("by", ["task", "range"])
def test_tables_of_a_store_that_was_written_before(by: str, store: Path, tmp_path: Path) -> None:
    forms = ("json", "csv", "md", "tex")
    outputs = [part for form in forms for part in ("-o", tmp_path / f"{by}.{form}")]
    inside("benchmark", "table", "--store", store, "--by", by, *outputs)
    for form in forms:
        found = (tmp_path / f"{by}.{form}").read_text(encoding="utf-8").replace(__version__, FROZEN_VERSION)
        assert found == (GOLDEN / "said" / f"{by}.{form}").read_text(encoding="utf-8"), form


def test_the_list_of_a_store_that_was_written_before(store: Path, tmp_path: Path) -> None:
    inside("benchmark", "store", "list", "--store", store, "-o", tmp_path / "list.json")
    assert (tmp_path / "list.json").read_text(encoding="utf-8") == (GOLDEN / "said" / "list.json").read_text(
        encoding="utf-8"
    )


def test_nothing_of_a_store_that_was_written_before_is_computed_again(store: Path) -> None:
    before = open_store(store).scores()
    again = ("--metrics", "psnr,ssim,sharpness,piqe", "--manifest", f"again={GOLDEN / 'set'}", "--store", store)
    done = inside("benchmark", "run", *again, "--workers", 1, code=1)  # one of its pictures is cut
    assert "0 scores computed now, 4 failed" in done.stdout
    assert open_store(store).scores() == before


class Known(Engine):
    """An engine that needn't be installed."""

    version = "libraries 1, program ab"
    recorded: Mapping[str, str] = {}

    def __init__(self) -> None: ...

    def weights(self, metric: str) -> str:
        return f"weights of {metric}"


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Of every metric, with stand-ins for what isn't part of fgresq."""
    (tmp_path / "weights").write_bytes(b"weights")
    for name in {name for spec in NATIVE.values() for name in spec.parameter_files}:
        (tmp_path / name).write_bytes(f"parameters {name}".encode())
    monkeypatch.setattr(engine_metric, "_started", lambda name, device: Known())
    monkeypatch.setattr(model, "locate", lambda name: SimpleNamespace(path=tmp_path / "weights"))
    monkeypatch.setattr(engine_metric, "find", lambda spec: SimpleNamespace(state=State.READY))
    settings = MetricSettings(parameters=str(tmp_path))
    found = {card.name: identify(card.name, settings).key for card in cards()}
    return {**found, "fgresq:FILE": identify(f"fgresq:{tmp_path / 'weights'}").key}


def test_keys_stay(keys: Mapping[str, str]) -> None:
    frozen = json.loads((GOLDEN / "keys.json").read_text(encoding="utf-8"))
    assert {name: keys[name] for name in frozen} == frozen


def test_a_key_is_a_hash_of_five_fields() -> None:
    said = identify("fgresq-compact")
    fields = [said.metric, said.engine, said.version, said.parameters, said.settings]
    assert fields[:3] == ["fgresq-compact", "fgresq", "1.1"]
    assert fields[4] == "fp32, comparisons in the symmetric order"
    assert said.key == hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:16]
