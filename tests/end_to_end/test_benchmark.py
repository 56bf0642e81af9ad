"""`fgresq benchmark run` and `table` as people run them, on photographs with made-up labels."""

import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from PIL import Image, ImageFilter
from tests.end_to_end.command import inside, run
from tests.end_to_end.killed import killed_before

from fgresq.benchmark.store import SCHEMA, open_store
from fgresq.cli.app import main
from fgresq.manifest import Manifest, write_csv, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

BLUR, NOISE = RestorationTask.DEBLURRING, RestorationTask.DENOISING


@pytest.fixture(scope="module")
def study(photographs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three photographs, each blurred by four amounts and reduced to two numbers of colours; the more, the worse."""
    root = tmp_path_factory.mktemp("benchmark") / "photographs"
    root.mkdir()
    images, pairs = [], []
    for n, (name, path) in enumerate(photographs.items()):
        whole = Image.open(path).convert("RGB").resize((160, 120))
        whole.save(root / f"{name}.png")
        made = [(BLUR, k, whole.filter(ImageFilter.GaussianBlur(k))) for k in (0.5, 1, 2, 4)]
        made += [(NOISE, k, whole.quantize(k).convert("RGB")) for k in (32, 8, 3)]
        group = []
        for place, (task, k, picture) in enumerate(made):
            identity = f"{name}-{task.value}-{k}"
            picture.save(root / f"{identity}.png")
            mos = 5.0 - (place if task is BLUR else place - 3.5) + 0.01 * n
            group.append(
                ImageRecord(identity, f"{identity}.png", "mine", task, name, f"{task.value} {k}", mos, f"{name}.png")
            )
        images += group
        for a, b, choice in (
            (0, 1, Preference.A),
            (2, 1, Preference.B),
            (2, 3, Preference.EQUAL),
            (4, 5, Preference.A),
        ):
            pairs.append(Pair(group[a].image_id, group[b].image_id, choice))
    write_manifest(Manifest(root, tuple(images), tuple(pairs), {"labels": "made up"}))
    return root


@pytest.fixture(scope="module")
def store(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stores") / "store"
    printed = run(
        *(
            "benchmark",
            "run",
            "--metrics",
            "psnr,ssim,sharpness,fgresq-compact",
            "--manifest",
            study,
            "--store",
            folder,
        ),
        *("--workers", 1, "--device", "cpu"),
    ).stdout
    assert "84 scores computed now, 0 failed" in printed
    return folder


def cells(store: Path, *arguments: object) -> dict[tuple[str, str, str], float | None]:
    output = store.parent / "cells.csv"
    inside("benchmark", "table", "--store", store, "-o", output, *arguments)
    rows = pl.read_csv(output, infer_schema_length=None)
    return {(row["metric"], row["group"], row["criterion"]): row["value"] for row in rows.iter_rows(named=True)}


def test_worse_pictures_have_lower_scores(store: Path) -> None:
    found = cells(store, "--by", "task")
    for metric in ("psnr", "ssim"):
        assert found[metric, "Denoising", "SRCC"] > 0.7
        assert found[metric, "Deblurring", "ACC"] == 1.0
    assert found["sharpness", "Deblurring", "SRCC"] > 0.5
    assert found["fgresq-compact, scores alone", "Deblurring", "ACC"] is not None
    by_range = cells(store, "--by", "range")
    assert by_range["ssim", "Overall", "SRCC"] > 0.5


def test_another_metric_and_another_image_compute_only_what_is_new(study: Path, store: Path, tmp_path: Path) -> None:
    before = open_store(store).scores()
    arguments = ("benchmark", "run", "--manifest", study, "--store", store)
    assert "21 scores computed now" in inside(*arguments, "--metrics", "psnr,ssim,piqe", "--workers", 2).stdout
    more = tmp_path / "more.csv"
    picture = Image.open(study / "coffee.png").filter(ImageFilter.GaussianBlur(3))
    picture.save(tmp_path / "new.png")
    image = ImageRecord("new", "new.png", "other", BLUR, "espresso", "blur 3", 2.0, str(study / "coffee.png"))
    write_csv(more, (image,))
    assert "1 scores computed now" in inside(*arguments, "--manifest", more, "--metrics", "psnr").stdout
    assert "0 scores computed now" in inside(*arguments, "--manifest", more, "--metrics", "psnr").stdout
    after = open_store(store).scores()
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 22


def test_every_form_of_a_table_is_written(store: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"t{suffix}" for suffix in (".md", ".tex", ".html", ".csv", ".parquet", ".json")]
    outputs = [part for name in names for part in ("-o", name)]
    done = inside(
        *("benchmark", "table", "--store", store, "--set", "photographs", "--by", "range", "--compare", "published"),
        *("--intervals", "--resamples", 200, "--picture", tmp_path / "fall.png", *outputs),
    )
    assert "Agreement with people in ranges of MOS: mine" in done.stdout
    assert "The paper has no table of mine." in done.stdout
    assert all(name.stat().st_size > 500 for name in (*names, tmp_path / "fall.png"))
    document = json.loads((tmp_path / "t.json").read_text())
    assert document["settings"]["intervals"] == "True"
    assert "[" in (tmp_path / "t.md").read_text()


def test_a_killed_run_goes_on_where_it_was(study: Path, tmp_path: Path) -> None:
    arguments = ["benchmark", "run", "--metrics", "niqe-fgresq-bsds500", "--manifest", study, "--workers", 1]
    whole = tmp_path / "whole"
    inside(*arguments, "--store", whole)
    killed = tmp_path / "killed"
    killed_before(r"scores/.*\.parquet$", 3, *arguments, "--store", killed, "--save-every", 0)
    assert len(open_store(killed).scores()) == 2
    assert "19 scores computed now" in run(*arguments, "--store", killed).stdout
    assert open_store(killed).scores() == open_store(whole).scores()


def test_ray_gives_the_same_scores(study: Path, store: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray isn't installed here")
    arguments = ("benchmark", "run", "--metrics", "psnr,sharpness", "--manifest", study, "--store", tmp_path / "ray")
    assert "42 scores computed now, 0 failed" in run(*arguments, "--engine", "ray", "--workers", 2).stdout
    here = open_store(store).scores()
    found = open_store(tmp_path / "ray").scores()
    assert len(found) == 42
    # Sums of floats may differ in the last digit: how they are split depends on where an array begins in memory.
    assert {key: verdict.value for key, verdict in found.items()} == pytest.approx(
        {key: here[key].value for key in found}, rel=1e-12
    )


def test_a_bad_image_is_kept_with_its_reason_and_tried_again_when_asked(study: Path, tmp_path: Path) -> None:
    good = (study / "coffee.png").read_bytes()
    (tmp_path / "good.png").write_bytes(good)
    (tmp_path / "cut.png").write_bytes(good[:2000])
    rows = [ImageRecord(name, f"{name}.png", "mine", BLUR, name, "x", 1.0) for name in ("good", "cut", "absent")]
    write_csv(tmp_path / "images.csv", rows)
    arguments = ("benchmark", "run", "--metrics", "sharpness", "--manifest", tmp_path, "--store", tmp_path / "store")
    done = inside(*arguments, "--workers", 1, code=1)
    assert "cut.png" in done.stderr
    assert "absent.png: no such file" in done.stderr
    assert "2 scores computed now, 2 failed" in done.stdout
    assert "0 scores computed now, 2 failed" in inside(*arguments, code=1).stdout
    assert "1 scores computed now, 2 failed" in inside(*arguments, "--retry-failed", "--workers", 1, code=1).stdout
    printed = inside("benchmark", "table", "--store", tmp_path / "store", "--by", "range").stdout
    assert "2 of 3 images couldn't be judged" in " ".join(printed.split())


def test_mistakes_in_the_request(study: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object) -> str:
        """In this process, since starting one takes longer than finding the mistake."""
        monkeypatch.setattr(sys, "argv", ["fgresq", "benchmark", *map(str, arguments)])
        said = StringIO()
        with redirect_stderr(said), pytest.raises(SystemExit) as exit_:
            main()
        assert exit_.value.code == 2, said.getvalue()
        return " ".join(said.getvalue().split())

    new = ("--store", tmp_path / "new")
    assert "did you mean psnr" in refused("run", "--metrics", "psnr,pnsr", "--manifest", study, *new)
    assert "names none" in refused("run", "--metrics", " , ", "--manifest", study, *new)
    assert "no such data set" in refused("run", "--metrics", "psnr", "--manifest", tmp_path / "gone", *new)
    twice = ("--manifest", study, "--manifest", study)
    assert "tell them apart with NAME=PATH" in refused("run", "--metrics", "psnr", *twice, *new)
    assert not (tmp_path / "new" / "scores").exists() or not list((tmp_path / "new" / "scores").iterdir())
    table = ("table", "--store", store)
    assert "did you mean mine" in refused(*table, "--by", "range", "--data-set", "mime")
    assert "did you mean ssim" in refused(*table, "--by", "range", "--metrics", "sim")
    assert "use it with --by range" in refused(*table, "--by", "task", "--picture", tmp_path / "x.png")
    assert "must end in" in refused(*table, "--by", "task", "-o", tmp_path / "x.doc")
    refused(*table, "--by", "colour")
    no_mos = tmp_path / "no-mos.csv"
    write_csv(no_mos, [ImageRecord("a", str(study / "coffee.png"), "mine", None, "coffee", "none")])
    bare = ("--store", tmp_path / "bare")
    inside("benchmark", "run", "--metrics", "sharpness", "--manifest", no_mos, *bare, "--workers", 1)
    assert "has a MOS" in refused("table", *bare, "--by", "range")
    assert "no image has a task" in refused("table", *bare, "--by", "task")
    (tmp_path / "bare" / "store.json").write_text(json.dumps({"schema": SCHEMA + 1, "fgresq": "9.0.0"}))
    assert "written by fgresq 9.0.0" in refused("table", *bare, "--by", "range")
    assert "written by fgresq 9.0.0" in refused("run", "--metrics", "sharpness", "--manifest", no_mos, *bare)
