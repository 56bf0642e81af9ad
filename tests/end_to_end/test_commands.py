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
    few, formats = document["warnings"]
    assert few.startswith("3 contents: nothing")
    assert formats.startswith("formats differ within 3 of 3 contents (JPEG: blurred; PNG: sharp; WEBP: coarse)")
    assert {few, formats} <= set(printed.splitlines())
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


@pytest.fixture(scope="module")
def results(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same pictures as BasicSR writes them, in two data sets and two runs of one algorithm."""
    folder = tmp_path_factory.mktemp("results")
    for number, path in enumerate(sorted((study / "sharp").iterdir())):
        dataset = "Set5" if number else "Set14"
        for algorithm, suffix in (("coarse", ".webp"), ("blurred", ".jpg")):
            below = folder / algorithm / "visualization" / dataset
            below.mkdir(parents=True, exist_ok=True)
            picture = Image.open(study / algorithm / f"{path.stem}{suffix}")
            picture.save(below / f"{path.stem}_x4_{algorithm}.png")
        (folder / "GT" / dataset).mkdir(parents=True, exist_ok=True)
        Image.open(path).save(folder / "GT" / dataset / path.name)
    return folder


def test_rank_results_as_tools_write_them(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = inside("rank", results, "--json", "--report", page, "--resamples", "50")
    assert (
        "matched: 3 algorithms, 9 images; 3 of 3 contents shared by two algorithms or more, in 2 data sets"
        in done.stderr
    )
    assert "matched: coarse: names without …_x4_coarse" in done.stderr
    document = json.loads(done.stdout)
    assert {entry["content"] for entry in document["contents"]} == {"Set14/astronaut", "Set5/chelsea", "Set5/coffee"}
    assert [(of["dataset"], len(of["contents"])) for of in document["datasets"]] == [("Set14", 1), ("Set5", 2)]
    assert document["warnings"][-2:] == ["blurred: names without …_x4_blurred", "coarse: names without …_x4_coarse"]
    html = page.read_text(encoding="utf-8")
    assert "Set14: 1 content" in html
    assert "Set5: 2 contents" in html
    printed = inside("rank", results, "--resamples", "50").stdout
    assert "\nSet5: 2 contents\n" in printed


def test_a_dry_run_prints_what_would_be_compared(results: Path) -> None:
    done = inside("rank", results, "--dry-run", "--weights", "gone.safetensors")
    assert done.stdout.startswith("Set14/astronaut\n  GT: ")
    assert "3 of 3 contents shared" in done.stdout
    assert done.stderr == ""


def test_nothing_shared_is_found_before_weights_are_loaded(study: Path, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "zebra.png")
    done = inside("rank", study / "sharp", tmp_path, "--weights", "gone.safetensors", code=2)
    assert "no content is shared by two algorithms" in done.stderr
    assert "(zebra)" in done.stderr


def test_rank_folders_by_name_and_by_pattern(study: Path) -> None:
    document = json.loads(
        inside("rank", f"A={study / 'sharp'}", f"B={study / 'coarse'}", "--match", "(?P<content>c.+)", "--json").stdout
    )
    assert {row["algorithm"] for row in document["leaderboard"]} == {"A", "B"}
    assert {entry["content"] for entry in document["contents"]} == {"coffee", "chelsea"}
    assert "1 file" not in document["warnings"][0]


def test_runs_and_checkpoints(study: Path, tmp_path: Path) -> None:
    for name, of in (("net/seed1", "coarse"), ("net/seed2", "blurred"), ("iter_5000", "coarse"), ("iter_10k", "sharp")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(study / of)
    printed = inside("rank", tmp_path, "--json", "--resamples", "50", "--report", tmp_path / "page.html").stdout
    document = json.loads(printed)
    (runs,) = document["runs"]
    assert (runs["algorithm"], sorted(runs["runs"])) == ("net", ["net/seed1", "net/seed2"])
    assert runs["least"] <= runs["strength"] <= runs["most"]
    (curve,) = document["curves"]
    assert [(point["step"], point["best_so_far"]) for point in curve["points"]] == [(5000, 5000), (10000, 10000)]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Runs and checkpoints" in page
    assert page.count('<figure class="curve">') == 1
    assert page.count('<line class="path"') == 1
    assert "checkpoints\n" in inside("rank", tmp_path, "--resamples", "50").stdout


def test_compare_two_folders(study: Path, tmp_path: Path) -> None:
    output = tmp_path / "compare.json"
    done = inside("compare", study / "sharp", study / "coarse", "-o", output)
    assert "of 3 contents; neither on" in done.stdout
    document = json.loads(output.read_text(encoding="utf-8"))
    assert [row["content"] for row in document["comparisons"]] == ["astronaut", "chelsea", "coffee"]
    single = tmp_path / "single.json"
    inside("compare", study / "sharp" / "coffee.png", study / "coarse" / "coffee.webp", "-o", single)
    assert document["comparisons"][2]["p_a_better"] == pytest.approx(
        json.loads(single.read_text(encoding="utf-8"))["p_a_better"], abs=1e-5
    )


def test_a_figure_of_chosen_pairs(study: Path, tmp_path: Path) -> None:
    sharp, coarse = study / "sharp", study / "coarse"
    asked = ("--metrics", "psnr,piqe", "--truth", "psnr", "--figure", tmp_path / "pairs.html")
    done = inside("compare", sharp, coarse, *asked, "--reference", sharp, "--figure-pairs", "2")
    assert "references: 3 of 3 contents have one" in done.stderr
    page = (tmp_path / "pairs.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 2
    assert page.count("agrees with PSNR: A is better") == 2, "A is the reference itself"
    one, other = sharp / "coffee.png", coarse / "coffee.webp"
    inside("compare", one, other, "--truth", "B", "--metrics", "piqe", "--figure", tmp_path / "pair.pdf")
    assert (tmp_path / "pair.pdf").read_bytes()[:4] == b"%PDF"
    figure = ("--figure", tmp_path / "no.html")
    for wrong, said in (
        ((one, other, "--metrics", "psnr"), "--metrics, --reference and --truth are for --figure"),
        ((one, other, *figure, "--metrics", "psnr"), "psnr compares with a reference; name it by --reference"),
        ((one, other, *figure, "--metrics", "piqe", "--reference", one), "none of --metrics looks at a reference"),
        ((one, other, *figure, "--metrics", "psnr", "--reference", sharp), "isn't a file; --reference takes"),
        ((one, other, *figure, "--truth", "C"), "--truth C: is neither A, B, equal, fgresq nor one of --metrics"),
        ((sharp, coarse, *figure, "--truth", "A"), "is what people say of one pair; for 3 pairs name a metric"),
        ((one, other, "--figure", tmp_path / "no.gif"), "no.gif"),
    ):
        assert said in " ".join(inside("compare", *wrong, code=2).stderr.split()), said
    assert not (tmp_path / "no.html").exists()


def test_other_metrics_beside_a_ranking(study: Path, tmp_path: Path) -> None:
    references = tmp_path / "GT"
    references.mkdir()
    for picture in (study / "sharp").iterdir():
        (references / picture.name).write_bytes(picture.read_bytes())
    given = ("rank", study, "--metrics", "psnr-y,piqe", "--reference", references, "--crop-border", "2")
    done = inside(*given, "--output", tmp_path / "ranking.json")
    assert "references: 3 of 3 contents have one" in done.stderr
    assert "Other metrics: means and places; 2 pixels cut off" in done.stdout
    assert "psnr-y ↑" in done.stdout
    assert "piqe ↓" in done.stdout
    document = json.loads((tmp_path / "ranking.json").read_text(encoding="utf-8"))
    assert [each["metric"] for each in document["beside"]] == ["psnr-y", "piqe"]
    assert set(document["beside"][0]["scores"]["sharp"].values()) == {"inf"}
    for wrong, said in (
        (("--metrics", "psnr"), "name their folder by --reference DIR"),
        (("--metrics", "piqe", "--reference", references), "leave --reference out"),
        (("--crop-border", "2"), "are for --metrics"),
        (("--metrics", "pnsr", "--reference", references), "psnr"),
        (("--metrics", "lpips", "--reference", references), "fgresq metrics install pyiqa"),
    ):
        assert said in " ".join(inside("rank", study, *wrong, code=2).stderr.split())
    (references / "coffee.png").unlink()
    again = inside("rank", study, "--metrics", "psnr", "--reference", references, code=1)
    assert "references: 2 of 3 contents have one; none for coffee" in again.stderr
    assert "3 images have no value" in again.stdout
