"""FGResQ inside the real pyiqa, and meta CSVs read by its real loaders; in a process of its own, with pyiqa's torch.

Not part of a usual run: it needs the engine's environment, as test_pyiqa_engine.py does, which takes 7 GB and minutes:

    FGRESQ_TEST_ENGINES=/somewhere pytest tests/reference/test_pyiqa_plugs.py

fgresq isn't installed there. An environment on top of it, made anew each time, adds this checkout and what fgresq needs
and pyiqa doesn't bring; the engine's own stays as it is.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fgresq
from fgresq.errors import DownloadError
from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.meta_csv import MetaCsv, read_meta_csv, write_meta_csv
from fgresq.metrics.engines.declarations import ENGINES
from fgresq.metrics.engines.environment import State, find, install
from fgresq.records import ImageRecord, Split

pytestmark = pytest.mark.network

ROOT = Path(__file__).parents[2]
LACKING = ("jaxtyping", "wadler_lindig")  # of fgresq's requirements, for loading and scoring
# Between pyiqa's path and Scorer.score in one process: 2.4e-7 was measured. Between two releases of torch: 0.
SAME_TORCH, OTHER_TORCH = 1e-6, 1e-5

PROGRAM = r"""
import json, sys
import numpy as np, torch
from PIL import Image
import pyiqa
from pyiqa.data import build_dataset
from pyiqa.default_model_configs import DEFAULT_CONFIGS

told = json.loads(sys.argv[1])
own = dict(DEFAULT_CONFIGS.get("fgresq", {}))
import fgresq, fgresq.plugs.pyiqa as plug

said = {"names": pyiqa.list_models("NR", filter="fgresq*")}
said["own_is_untouched"] = DEFAULT_CONFIGS.get("fgresq", {}) == own
metric = pyiqa.create_metric("fgresq-compact", device="cpu")
said["kind"] = [metric.metric_mode, metric.lower_better, metric.score_range]
scorer = fgresq.load(device="cpu")
said["scorer"] = [scorer.score(path).score for path in told["images"]]
said["paths"] = [metric(path).item() for path in told["images"]]
arrays = [np.array(Image.open(path).convert("RGB"))[:256, :256] for path in told["images"]]
batch = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2) / 255
said["batch"], said["singly"] = metric(batch).tolist(), [metric(image[None]).item() for image in batch]
said["grey"] = [metric(batch[:1, :1]).item(), metric(batch[:1, :1].repeat(1, 3, 1, 1)).item()]
loss = pyiqa.create_metric("fgresq-compact", as_loss=True, device="cpu")
images = batch.clone().requires_grad_()
loss(images).backward()
same = batch.clone().requires_grad_()
scorer.forward(same).mean().backward()
said["gradient"] = [images.grad.abs().max().item(), (images.grad - same.grad).abs().max().item()]
try:
    pyiqa.create_metric("fgresq-released", device="cpu")
except fgresq.errors.WeightsError as error:
    said["released"] = str(error)
if own:
    try:
        plug.register("fgresq")
    except fgresq.errors.UserError as error:
        said["taken"] = str(error)
plug.register("fgresq", replace=True)
said["replaced"] = pyiqa.create_metric("fgresq", device="cpu")(told["images"][0]).item()


def read(kind, table, **options):
    dataset = build_dataset({"name": "own", "type": kind, "meta_info_file": table, **told["roots"], **options})
    items = [dataset[index] for index in range(len(dataset))]
    keys = ("ref_img_path", "img_path")
    return [[*map(item.get, keys), item["mos_label"].item(), list(item["img"].shape)] for item in items]


said["nr"] = read("GeneralNRDataset", told["nr"])
said["nr_test"] = read("GeneralNRDataset", told["nr"], split_index="split", phase="test")
said["fr"] = read("GeneralFRDataset", told["fr"])
said["theirs"] = read("GeneralFRDataset", told["theirs"])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's Python with fgresq and what it lacks on top."""
    folder = os.environ.get("FGRESQ_TEST_ENGINES")
    if not folder:
        pytest.skip("takes 7 GB and minutes; to run it, name a folder to install pyiqa in: FGRESQ_TEST_ENGINES")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FGRESQ_HOME", folder)
        engine = find(ENGINES["pyiqa"])
        if engine.state is not State.READY:
            try:
                engine = install(ENGINES["pyiqa"])
            except DownloadError as error:
                if "from versions: none" in str(error):
                    pytest.skip(f"the package index doesn't answer: {error}")
                raise
    top = tmp_path_factory.mktemp("pyiqa") / "top"
    subprocess.run([engine.python, "-m", "venv", "--without-pip", top], check=True)
    (packages,) = top.glob("lib/python*/site-packages")
    (beneath,) = engine.folder.glob("lib/python*/site-packages")
    (packages / "beneath.pth").write_text(f"{beneath}\n{ROOT / 'src'}\n", encoding="utf-8")
    for name in LACKING:
        for path in {file.parts[0] for file in distribution(name).files or () if not file.parts[0].startswith(".")}:
            shutil.copytree(str(distribution(name).locate_file(path)), packages / path)
    return top / "bin" / "python"


@pytest.fixture(scope="module")
def manifest(photographs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Three photographs, the last two said to restore the first."""
    root = tmp_path_factory.mktemp("data")
    (root / "im").mkdir()
    images = []
    for number, path in enumerate(photographs.values()):
        shutil.copy(path, root / "im" / path.name)
        reference = None if number == 0 else "im/astronaut.png"
        content = "one" if number < 2 else "two"
        images.append(ImageRecord(path.name, f"im/{path.name}", "own", None, content, "x", 0.1 + number, reference))
    write_manifest(Manifest(root, tuple(images), (), {}))
    return read_manifest(root)


@pytest.fixture(scope="module")
def tables(manifest: Manifest) -> Mapping[str, Path]:
    sides = {image.image_id: Split.TEST if image.content == "two" else Split.TRAIN for image in manifest.images}
    tables = {name: manifest.root / f"{name}.csv" for name in ("nr", "fr", "theirs")}
    write_meta_csv(tables["nr"], manifest.images, sides=sides)
    write_meta_csv(tables["fr"], manifest.images, references=True, sides=sides)
    tables["theirs"].write_text(
        "ref_name,dist_name,dmos,std,official_split\nim/astronaut.png,im/coffee.png,0.25,0.1,train\n"
        "im/astronaut.png,im/chelsea.png,0.75,0.2,test\n"
    )
    return tables


@pytest.fixture(scope="module")
def said(python: Path, manifest: Manifest, tables: Mapping[str, Path]) -> Mapping[str, Any]:
    told = {
        "images": [str(manifest.path_of(image)) for image in manifest.images],
        "roots": {"dataroot_target": str(manifest.root)},
        **{name: str(path) for name, path in tables.items()},
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [python, "-c", PROGRAM, json.dumps(told)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**environment, "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr
    answers: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def test_it_is_registered_and_says_what_it_is(said: Mapping[str, Any]) -> None:
    assert {"fgresq-compact", "fgresq-released"} <= set(said["names"])
    assert said["kind"] == ["NR", False, "0, 1"]
    assert said["own_is_untouched"]
    assert "pyiqa has a metric 'fgresq' already" in said["taken"]
    assert said["replaced"] == pytest.approx(said["scorer"][0], abs=SAME_TORCH)
    assert "fgresq weights fetch released" in said["released"]


def test_scores_are_those_of_the_scorer(said: Mapping[str, Any], manifest: Manifest) -> None:
    np.testing.assert_allclose(said["paths"], said["scorer"], rtol=0, atol=SAME_TORCH)
    np.testing.assert_allclose(said["batch"], said["singly"], rtol=0, atol=SAME_TORCH)
    assert said["grey"][0] == pytest.approx(said["grey"][1], abs=SAME_TORCH)
    ours = [result.score for result in fgresq.load().score([manifest.path_of(image) for image in manifest.images])]
    np.testing.assert_allclose(said["scorer"], np.array(ours, float), rtol=0, atol=OTHER_TORCH)
    assert len({round(score, 2) for score in said["scorer"]}) == 3


def test_it_is_a_loss(said: Mapping[str, Any]) -> None:
    largest, difference = said["gradient"]
    assert difference < 1e-3 * largest


def test_its_loaders_read_our_tables(said: Mapping[str, Any], manifest: Manifest) -> None:
    rows = [[manifest.path_of(image), image.mos] for image in manifest.images]
    assert [[Path(path), pytest.approx(mos, abs=1e-6)] for _, path, mos, _ in said["nr"]] == rows
    assert [Path(path) for _, path, _, _ in said["nr_test"]] == [rows[2][0]]
    assert [[Path(path), pytest.approx(mos, abs=1e-6)] for _, path, mos, _ in said["fr"]] == rows[1:]
    assert {Path(reference) for reference, *_ in said["fr"]} == {rows[0][0]}
    assert [shape for *_, shape in said["nr"]] == [[3, 512, 512], [3, 400, 600], [3, 300, 451]]


def test_we_read_what_its_loaders_read(said: Mapping[str, Any], manifest: Manifest, tables: Mapping[str, Path]) -> None:
    images, _ = read_meta_csv(tables["theirs"], MetaCsv(manifest.root, source="own", higher_is_better=True))
    ours = [[image.reference, image.path, image.mos] for image in images]
    assert [row[:3] for row in said["theirs"]] == ours
