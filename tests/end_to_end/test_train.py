"""`fgresq train` as people run it, and what it says to bad input."""

import hashlib
import json
import os
import resource
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from tests.end_to_end.command import inside
from tests.end_to_end.test_bad_input import Finished, assert_one_line, run_in_one_process
from tests.forked import forked
from tests.unit.training.study import make_study
from tests.unit.training.test_resume import quality_command, training
from tests.waiting import LONGEST

from fgresq.manifest import Manifest, write_manifest
from fgresq.records import RestorationTask
from fgresq.training import checkpoint
from fgresq.training.log import read_log

TINY = ("--set", "encoder=compact-tiny", "--set", "batch_size=8", "--set", "test_share=0.25", "--set", "epochs=2")
PEER = """
import torch

class Peer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)

    def forward(self, images):
        return self.layer(images.mean(dim=(2, 3)))
"""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return make_study(tmp_path_factory.mktemp("study") / "data")


def fgresq(folder: Path, *arguments: object, code: int = 0) -> Finished[str]:
    done = forked(arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_both_stages_a_drawing_and_the_weights_in_use(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fgresq(tmp_path, "train", "degradation", study.root, "--out", "stage1", *TINY)
    assert "best, epoch" in first.stdout
    assert "task_accuracy/Denoising" in first.stdout
    second = fgresq(
        tmp_path, "train", "quality", study.root, "--out", "stage2", "--degradation", "stage1/best.pt", *TINY
    )
    done = checkpoint.read(tmp_path / "stage2" / "last.pt")["progress"]
    best = done["best_epoch"]
    assert (
        second.stdout.split()[:12]
        == f"validation validation test last, epoch 2 best, epoch {best} kept, epoch {best}".split()
    )
    printed = {line.split()[0]: line.split()[1:] for line in second.stdout.splitlines()}
    last = [entry for entry in read_log(tmp_path / "stage2" / "log.jsonl") if entry["event"] == "evaluation"][-1]
    columns = (last, done["best_scores"], done["test_scores"])
    for name in ("acc", "acc_three", "acc/Denoising", "srcc", "plcc"):
        assert printed[name] == [f"{value[name]:.4f}" for value in columns], name
    monkeypatch.chdir(tmp_path)
    inside("train", "curves", "stage2/log.jsonl")
    with Image.open(tmp_path / "curves.png") as picture:
        assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    scored = inside("score", study.path_of(study.images[0]), "--weights", "stage2/model.safetensors")
    assert "trained by fgresq on 30 pairs of first, second, 6 more chose the epoch, 12 were held out" in scored.stdout
    sides = json.loads((tmp_path / "stage2" / "split.json").read_text())["sides"]
    assert {side: len(told["pairs"]) for side, told in sides.items()} == {"train": 30, "validation": 6, "test": 12}
    assert (tmp_path / "stage1" / "split.json").read_bytes() == (tmp_path / "stage2" / "split.json").read_bytes()
    info = inside("weights", "info", "stage2/model.safetensors").stdout
    assert "split by content, test_share 0.25, validation_share 0.1, seed 0; the best epoch" in info
    assert "has seen" in info
    assert "30 images, listed in the header" in info, "36 of which 6 are the same file: no blur is no noise"


def test_the_ablation_and_a_baseline_from_the_users_folder(
    study: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text("encoder: compact-tiny\nbatch_size: 8\nepochs: 1\ntensorboard: true\n")
    ablation = ("train", "quality", study.root, "--out", "ablation", "--config", "run.yaml", "--without-degradation")
    assert "acc_score" in inside(*ablation).stdout
    assert len(list((tmp_path / "ablation").glob("events.out.tfevents.*"))) == 1
    (tmp_path / "peers.py").write_text(PEER)
    settings = ("--set", "model=peers:Peer", "--set", "epochs=1", "--set", "rate=1e-2")
    assert "acc/Denoising" in fgresq(tmp_path, "train", "baseline", study.root, "--out", "peer", *settings).stdout
    weights = checkpoint.read(tmp_path / "peer" / "best.pt")["export"]["weights"]
    assert set(weights) == {"layer.weight", "layer.bias"}


def test_a_disk_that_gets_full_while_saving(study: Manifest, tmp_path: Path) -> None:
    with training(quality_command(study, tmp_path, "epochs=5000", "save_every=2"), tmp_path, 6) as process:
        allowed = (tmp_path / "last.pt").stat().st_size // 2
        assert (tmp_path / "log.jsonl").stat().st_size < allowed
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (allowed, allowed))
        out, err = process.communicate(timeout=LONGEST)
    assert_one_line(Finished([], process.returncode, out, err), 2, "pt: can't be written (File too large)")
    last = checkpoint.read(tmp_path / "last.pt")
    assert last["progress"]["step"] >= 4  # that of update 6 may have been under way when the disk got full
    assert all(torch.isfinite(value).all() for value in last["network"].values())
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")], "no half of a file is left"


def relabelled(study: Manifest, folder: Path) -> None:
    """A manifest whose hashes are right and whose labels aren't."""
    write_manifest(replace(study, root=folder))
    table = pl.read_parquet(folder / "pairs.parquet").with_columns(preference=pl.lit("better"))
    table.write_parquet(folder / "pairs.parquet")
    document = json.loads((folder / "manifest.json").read_text())
    document["sha256"]["pairs"] = hashlib.sha256((folder / "pairs.parquet").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(document))


@pytest.fixture(scope="module")
def places(study: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data sets and files with one mistake each."""
    root = tmp_path_factory.mktemp("places")
    tasks = {image.image_id: image.task for image in study.images}
    deblurring = tuple(pair for pair in study.pairs if tasks[pair.image_a] is RestorationTask.DEBLURRING)
    sets = {
        "empty": replace(study, images=(), pairs=()),
        "without-pictures": study,
        "unjudged": replace(study, pairs=()),
        "one-task": replace(study, pairs=deblurring),
        "same-scene": replace(study, images=tuple(replace(image, reference="x.png") for image in study.images)),
        "damaged-pictures": study,
    }
    for name, manifest in sets.items():
        (root / name).mkdir()
        if name not in {"empty", "without-pictures", "damaged-pictures"}:
            (root / name / "images").symlink_to(study.root / "images")
        write_manifest(replace(manifest, root=root / name))
    (root / "damaged-pictures" / "images").mkdir()
    for image in study.images:
        (root / "damaged-pictures" / image.path).write_bytes(b"nothing")
    (root / "labels").mkdir()
    relabelled(study, root / "labels")
    (root / "damaged.pt").write_bytes(b"PK\x03\x04 nothing")
    (root / "begun").mkdir()
    (root / "begun" / "last.pt").write_bytes(b"")
    (root / "file").write_text("text")
    (root / "key.yaml").write_text("epoch: 3\n")
    (root / "value.yaml").write_text("rate: fast\n")
    (root / "bad.yaml").write_text("rate: [\n")
    (root / "empty.jsonl").write_text("")
    (root / "foreign.jsonl").write_text('{"a": 1}\n{"b": 2}\n')
    return root


# The arguments, and what is said; DATA stands for a good data set, HERE for the folder of mistakes.
QUALITY = "train quality DATA --out HERE/out --without-degradation"
MISTAKES: Mapping[str, tuple[str, str]] = {
    "an empty manifest": ("train quality HERE/empty --out HERE/out --without-degradation", "the manifest is empty"),
    "an empty manifest for stage 1": ("train degradation HERE/empty --out HERE/out", "the manifest is empty"),
    "no manifest": ("train quality HERE --out HERE/out --without-degradation", "holds no manifest.json"),
    "missing pictures": ("train degradation HERE/without-pictures --out HERE/out", "48 image files are missing: "),
    "damaged pictures": ("train baseline HERE/damaged-pictures --out HERE/out", "48 of 48 images can't be read: "),
    "no judged pair": ("train baseline HERE/unjudged --out HERE/out", "none of 0 pairs is judged"),
    "a task with no pairs": (
        "train baseline HERE/one-task --out HERE/out",
        "tasks with images but without a judged pair: Denoising (24 images)",
    ),
    "labels outside the schema": (
        "train baseline HERE/labels --out HERE/out",
        "48 rows are wrong: row 1: 'better' isn't a Preference; known: A, B, equal; row 2",
    ),
    "one scene under many names": (
        "train baseline HERE/same-scene --out HERE/out",
        "a split needs at least 2 contents that share no file, one for each side; the manifest has 1",
    ),
    "a damaged checkpoint of stage 1": (
        "train quality DATA --out HERE/out --degradation HERE/damaged.pt --set encoder=compact-tiny",
        "damaged.pt: isn't a readable checkpoint of a training",
    ),
    "a damaged checkpoint to go on from": (
        "train quality DATA --out HERE/begun --without-degradation --set encoder=compact-tiny",
        "last.pt: isn't a readable checkpoint of a training",
    ),
    "no stage 1": ("train quality DATA --out HERE/out", "stage 2 needs the encoder of stage 1"),
    "an unknown key in the file": (
        f"{QUALITY} --config HERE/key.yaml",
        "key.yaml: there is no setting 'epoch'; did you mean epochs",
    ),
    "an unknown key in the command": (
        f"{QUALITY} --set bach_size=3",
        "no setting 'bach_size'; did you mean batch_size",
    ),
    "a value that can't be": (
        f"{QUALITY} --config HERE/value.yaml",
        "value.yaml: rate: input should be a valid",
    ),
    "a seed below zero": (f"{QUALITY} --set seed=-1", "seed: input should be greater than or equal to 0"),
    "a file that isn't YAML": (f"{QUALITY} --config HERE/bad.yaml", "bad.yaml: can't be read as YAML"),
    "a value that isn't YAML": (f"{QUALITY} --set rate=[", "--set rate=[: the value can't be read as YAML"),
    "a setting without a value": (f"{QUALITY} --set rate", "--set rate: NAME=VALUE is needed"),
    "a baseline that isn't there": ("train baseline DATA --out HERE/out --set model=big", "baseline 'big' isn't known"),
    "a graphics card that isn't there": (f"{QUALITY} --set device=cuda:99", "device 'cuda:99' can't be used here"),
    "a text tower that isn't there": (
        "train degradation DATA --out HERE/out --set text=HERE/absent",
        "absent: CLIP's text tower can't be loaded",
    ),
    "a file as the folder": (
        "train baseline DATA --out HERE/file --set epochs=1",
        "file: this folder can't be made (File exists)",
    ),
    "curves of no log": (
        "train curves HERE/absent.jsonl --out HERE/c.png",
        "absent.jsonl: can't be read (No such",
    ),
    "curves of an empty log": ("train curves HERE/empty.jsonl --out HERE/c.png", "empty.jsonl: has no update yet"),
    "curves of another log": (
        "train curves HERE/foreign.jsonl --out HERE/c.png",
        "line 1 isn't an entry",
    ),
    "curves with another suffix": (
        "train curves HERE/empty.jsonl --out HERE/c.gif",
        "c.gif: the name must end in .png, .svg, .pdf",
    ),
}


@pytest.fixture(scope="module")
def said(study: Manifest, places: Path) -> Mapping[str, Finished[str]]:
    commands = [
        [part.replace("DATA", str(study.root)).replace("HERE", str(places)) for part in line.split()]
        for line, _ in MISTAKES.values()
    ]
    before = sorted(places.rglob("*"))
    finished = dict(zip(MISTAKES, run_in_one_process(*commands), strict=True))
    assert sorted(places.rglob("*")) == before, "nothing is written"
    return finished


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_and_exit_2(said: Mapping[str, Finished[str]], name: str) -> None:
    assert_one_line(said[name], 2, MISTAKES[name][1])


def test_all_missing_pictures_are_listed_at_once(study: Manifest, said: Mapping[str, Finished[str]]) -> None:
    listed = said["missing pictures"].stderr
    assert all(image.path in listed for image in study.images)
