"""The commands as people run them, on photographs."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from tests.end_to_end.command import inside, run


@pytest.fixture(scope="module")
def study(photographs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three contents, three algorithms: the photograph, a blurred one (as JPEG), a coarse one."""
    folder = tmp_path_factory.mktemp("study")
    for name, path in photographs.items():
        image = Image.open(path).resize((192, 160))
        small = image.resize((48, 40))
        for algorithm, picture, suffix in (
            ("sharp", image, ".png"),
            ("blurred", small.resize(image.size, Image.Resampling.BICUBIC), ".jpg"),
            ("coarse", small.resize(image.size, Image.Resampling.NEAREST), ".webp"),
        ):
            (folder / algorithm).mkdir(exist_ok=True)
            picture.save(folder / algorithm / f"{name}{suffix}")
    return folder


def test_score_writes_what_it_prints(study: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"scores.{suffix}" for suffix in ("json", "csv", "parquet")]
    for command, output in zip((run, inside, inside), outputs, strict=True):
        printed = command("score", study / "sharp", study / "blurred" / "*.jpg", "--output", output).stdout
        assert "6 of 6 images scored, 0 failed" in printed
        assert "labelled by full-reference metrics, not by people" in printed
    document = json.loads(outputs[0].read_text(encoding="utf-8"))
    assert document["provenance"]["weights"] == "compact"
    assert len(document["provenance"]["weights_sha256"]) == 64
    scores = {Path(entry["path"]).name: entry for entry in document["scores"]}
    assert set(scores) == {f"{n}{s}" for n in ("astronaut", "coffee", "chelsea") for s in (".png", ".jpg")}
    assert all(0 < entry["score"] < 1 and entry["error"] is None for entry in scores.values())
    with outputs[1].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["score"]) for row in rows] == pytest.approx([e["score"] for e in document["scores"]])
    assert all("not by people" in row["weights_note"] for row in rows)
    table = pl.read_parquet(outputs[2])
    assert table["score"].to_list() == pytest.approx([entry["score"] for entry in document["scores"]])
    assert set(table["weights_sha256"]) == {document["provenance"]["weights_sha256"]}


def test_compare_in_both_orders_and_as_released(study: Path, tmp_path: Path) -> None:
    a, b = study / "sharp" / "coffee.png", study / "blurred" / "coffee.jpg"
    answers = []
    for first, second in ((a, b), (b, a)):
        output = tmp_path / "compare.json"
        inside("compare", first, second, "-o", output)
        answers.append(json.loads(output.read_text(encoding="utf-8")))
    forward, backward = answers
    keys = {"score_a", "score_b", "p_a_better", "p_b_better", "p_equal", "preference"}
    assert keys <= set(forward)
    assert forward["p_a_better"] == backward["p_b_better"]
    assert forward["p_equal"] == backward["p_equal"]
    assert forward["score_a"] == backward["score_b"]
    assert {forward["preference"], backward["preference"]} in ({"A", "B"}, {"equal"})
    released = tmp_path / "released.json"
    inside("compare", a, b, "--order", "released", "-o", released)
    document = json.loads(released.read_text(encoding="utf-8"))
    assert document["order"] == "released"
    assert document["p_a_better"] != forward["p_a_better"]


def test_rank_writes_the_ranking_and_a_page(study: Path, tmp_path: Path) -> None:
    page, output, table = tmp_path / "ranking.html", tmp_path / "ranking.json", tmp_path / "ranking.csv"
    printed = inside("rank", study, "--report", page, "--output", output, "--resamples", "200").stdout
    assert "3 contents compared, 200 resamples" in printed
    document = json.loads(output.read_text(encoding="utf-8"))
    assert {row["algorithm"] for row in document["leaderboard"]} == {"sharp", "blurred", "coarse"}
    assert {entry["content"] for entry in document["contents"]} == {"astronaut", "coffee", "chelsea"}
    strengths = [row["strength"] for row in document["leaderboard"]]
    assert strengths == sorted(strengths, reverse=True)
    assert all(row["low"] <= row["strength"] <= row["high"] for row in document["leaderboard"])
    assert (document["format"], document["format_version"]) == ("fgresq ranking", 1)
    assert len(document["pairs"]) == 3
    for pair in document["pairs"]:
        assert sum(pair[f"p_{what}"] for what in ("first_better", "second_better", "equal")) == pytest.approx(1)
    assert document["warnings"] == [line for line in printed.splitlines() if line.startswith("3 contents: nothing")]
    matrix = np.array(document["win_matrix"], dtype=float)
    off = ~np.eye(3, dtype=bool)
    assert (matrix + matrix.T)[off] == pytest.approx(1)
    html = page.read_text(encoding="utf-8")
    assert "not by people" in html
    assert "sharp" in html
    inside("rank", study, "--output", table)
    assert pl.read_csv(table)["algorithm"].to_list() == [row["algorithm"] for row in document["leaderboard"]]


def test_rank_prints_json_and_nothing_else(study: Path, tmp_path: Path) -> None:
    written = tmp_path / "ranking.json"
    printed = inside("rank", study, "--json", "--baseline", "blurred", "--output", written, "--resamples", "50").stdout
    document = json.loads(printed)
    assert document == json.loads(written.read_text(encoding="utf-8"))
    assert [pair["second"] for pair in document["against_baseline"]] == ["blurred", "blurred"]
    assert (
        "no algorithm is called 'blured'; did you mean blurred?"
        in inside("rank", study, "--baseline", "blured", code=2).stderr
    )


def test_rank_prints_csv_and_nothing_else(study: Path) -> None:
    printed = inside("rank", study, "--output", "-", "--resamples", "50").stdout
    assert sorted(pl.read_csv(io.StringIO(printed))["algorithm"]) == ["blurred", "coarse", "sharp"]
    assert "choose one" in inside("rank", study, "--output", "-", "--json", code=2).stderr


def test_rank_a_flat_folder(study: Path) -> None:
    printed = inside("rank", study / "sharp").stdout
    assert "one content gives no interval" in printed
    assert "astronaut" in printed


def test_the_api_refuses_an_unknown_order() -> None:
    # In a process of its own, since in tests the type check would answer first.
    code = (
        "import fgresq, numpy as np; from fgresq.errors import UserError; z = np.zeros((16, 16, 3), np.uint8)\n"
        "try: fgresq.load(device='cpu').compare(z, z, order='mine')\n"
        "except UserError as error: print(error)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "order 'mine' isn't known" in printed
