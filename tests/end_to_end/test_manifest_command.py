"""`fgresq manifest export | import`, as people run them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from tests.end_to_end.command import inside, run
from tests.unit.writers import another_writer

from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.records import ImageRecord, RestorationTask


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two contents by two algorithms, with references, and two images that can't be exported in some way."""
    root = tmp_path / "data"
    images = []
    for content in ("one", "two"):
        for algorithm in ("mean", "median"):
            name = f"{algorithm}/{content}.png"
            mos = 2.5 if algorithm == "mean" else 3.25
            images.append(
                ImageRecord(
                    name, name, "own", RestorationTask.DENOISING, content, algorithm, mos, f"pristine/{content}.png"
                )
            )
    for name in {path for image in images for path in (image.path, image.reference) if path}:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(root / name)
    other = ImageRecord("far", "mean/one.png", "other", None, "three", "none", 70.0)
    unlabelled = replace(images[0], image_id="unlabelled", mos=None)
    write_manifest(Manifest(root, (*images, other, unlabelled), (), {}))
    return root


def test_there_and_back(data: Path, tmp_path: Path) -> None:
    table, back = tmp_path / "meta.csv", tmp_path / "back"
    arguments = ("--references", "--data-set", "own", "--test-share", "0.5")
    done = inside("manifest", "export", data, "--out", table, *arguments, code=1)
    assert f"4 images; dataroot_target: {data}" in " ".join(done.stdout.split())
    assert "1 images left out, which lack a MOS and a reference: unlabelled" in " ".join(done.stderr.split())
    assert sorted(pl.read_csv(table).group_by("split").len().rows()) == [("test", 2), ("train", 2)]

    done = inside("manifest", "import", table, "--root", data, "--out", back)
    assert "4 images of own" in done.stdout
    assert "doesn't keep: std, split" in " ".join(done.stderr.split())
    wanted = [
        replace(image, path=str(data / image.path), reference=str(data / str(image.reference)))
        for image in read_manifest(data).images[:4]
    ]
    assert list(read_manifest(back).images) == wanted

    moved = tmp_path / "within"
    data.rename(moved)
    inside("manifest", "import", table, "--root", moved, "--out", moved, code=2)  # it holds a manifest already
    (moved / "manifest.json").unlink()
    inside("manifest", "import", table, "--root", moved, "--out", moved, "--only", "split=test")
    chosen = read_manifest(moved)
    (content,) = {image.content for image in chosen.images}
    assert {image.path for image in chosen.images} == {f"mean/{content}.png", f"median/{content}.png"}
    assert {image.reference for image in chosen.images} == {f"pristine/{content}.png"}
    assert chosen.about["only"] == "split=test"
    assert chosen.about["labels"] == f"the scores of {table.name}"


def test_what_is_asked_wrongly(data: Path, tmp_path: Path) -> None:
    table = tmp_path / "meta.csv"
    assert "these images are of 2: other, own" in run("manifest", "export", data, "--out", table, code=2).stderr
    wrong = inside("manifest", "export", data, "--out", table, "--data-set", "onw", code=2)
    assert "did you mean own?" in wrong.stderr
    assert "must end in .csv" in inside("manifest", "export", data, "--out", tmp_path / "meta.txt", code=2).stderr
    assert not table.exists()
    table.write_text("img_name,mos\nmean/one.png,1\n")
    importing = ("manifest", "import", table, "--root", data, "--out", tmp_path / "back")
    assert "the data set needs a name" in inside(*importing, code=2).stderr
    assert "COLUMN=SIDE is needed" in inside(*importing, "--name", "own", "--only", "test", code=2).stderr
    with another_writer(tmp_path / "back") as process:
        said = inside(*importing, "--name", "own", "--task", "Denoising", code=2).stderr
        assert f"back: process {process.pid} writes here since" in said
        (tmp_path / "back" / ".fgresq.lock").unlink()
        (tmp_path / "back").rmdir()
    assert not (tmp_path / "back").exists()
