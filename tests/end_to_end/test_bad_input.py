"""Bad input through the real command: what is said, on how many lines, and with which exit code."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from tests.forked import forked
from tests.unit.images.pictures import READ, REFUSED, RGB, exif
from tests.waiting import LONGEST, started, wait_until

import fgresq

COMMAND = str(Path(sys.executable).with_name("fgresq"))
ROOT = Path(__file__).parents[2]
MANY = "tests.end_to_end.many"
WEIGHTS = Path(fgresq.__file__).parent / "model" / "data" / "compact.safetensors"
NAMES = {
    b"two\nlines.png": "two\nlines.png",
    "Größe 大.png".encode(): "Größe 大.png",
    b"latin \xfcber.png": "latin \\xfcber.png",
    b"[red]a[1]*.png": "[red]a[1]*.png",
}

Finished = subprocess.CompletedProcess


def run(*arguments: object) -> Finished[str]:
    return forked(arguments, errors="surrogateescape")


def run_in_one_process(
    *commands: Sequence[object], before: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> list[Finished[str]]:
    """What many commands did one after the other in one process, which `before`, another program, may start."""
    arguments = [[str(argument) for argument in command] for command in commands]
    with TemporaryDirectory() as folder:
        asked = Path(folder) / "commands.json"
        asked.write_text(json.dumps(arguments), encoding="utf-8")
        if before:
            program = [*before, sys.executable, "-m", MANY, asked]
            done = subprocess.run(program, check=True, capture_output=True, text=True, timeout=LONGEST, cwd=ROOT)
        else:
            done = forked([asked], module=MANY, cwd=ROOT, env=env)
            done.check_returncode()
    lines = done.stdout.splitlines()
    return [Finished(command, *json.loads(line)) for command, line in zip(arguments, lines, strict=True)]


def assert_one_line(finished: Finished[str], code: int, message: str) -> None:
    assert finished.returncode == code, finished.stderr
    assert finished.stdout == ""
    assert finished.stderr.startswith("fgresq: ")
    assert finished.stderr.count("\n") == 1
    assert finished.stderr.endswith("\n")
    assert message in finished.stderr


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every kind of good and bad image."""
    folder = tmp_path_factory.mktemp("mixed")
    for name, write in READ.items():
        write(folder / name)
    for name, (write, _) in REFUSED.items():
        write(folder / name)
    Image.linear_gradient("L").resize((20_000, 10)).save(folder / "long.png")
    Image.new("1", (10_000, 10_000), 1).save(folder / "large.png")
    Image.fromarray(RGB).save(folder / "damaged exif.png", exif=b"Exif\0\0garbage")
    Image.fromarray(RGB).save(folder / "cut exif.jpg", exif=exif(1).tobytes()[:-20])
    for name in NAMES:
        Image.fromarray(RGB).save(folder / os.fsdecode(name), "PNG")
    (folder / os.fsdecode(b"bad\n\xfc.png")).write_text("not an image")
    os.mkfifo(folder / "pipe.png")
    (folder / "dangling.png").symlink_to(folder / "gone.png")
    return folder


@pytest.fixture(scope="module")
def scored(mixed: Path) -> tuple[Finished[str], Path]:
    output = mixed.parent / "scores.json"
    return run("score", mixed, "-o", output), output


def test_good_ones_are_scored_and_bad_ones_named_and_counted(mixed: Path, scored: tuple[Finished[str], Path]) -> None:
    finished, output = scored
    assert finished.returncode == 1
    scores = json.loads(output.read_text("utf-8"))["scores"]
    by_name = {Path(entry["path"]).name: entry for entry in scores}
    bad = {*REFUSED, "bad\n\\xfc.png", "pipe.png", "dangling.png"}
    good = {*READ, *NAMES.values(), "long.png", "large.png", "damaged exif.png", "cut exif.jpg"}
    assert by_name.keys() == bad | good
    assert len(scores) == len(bad) + len(good)
    for name in good:
        assert by_name[name]["error"] is None
        assert 0 < by_name[name]["score"] < 1
    for name in bad:
        assert by_name[name]["score"] is None
        assert by_name[name]["error"]
    # The same pixels get the same score, whatever file they came from.
    same = {by_name[name]["score"] for name in ("rgb.png", "rgb.bmp", "rgb and alpha.png", "damaged exif.png")}
    assert max(same) - min(same) < 1e-5
    lines = finished.stderr.splitlines()
    failed = [line for line in lines if line.startswith(f"failed: {mixed}/")]
    assert len(failed) == len(bad)
    (alpha,) = (line for line in lines if line not in failed)
    assert re.match(rf"alpha: \d of {len(good)} images have an alpha channel, which isn't judged: {mixed}/", alpha)
    assert f"failed: {mixed}/nothing.png: is empty (0 bytes)" in lines
    unknown = (
        "isn't an image of a format that can be read (PNG, JPEG, TIFF, WebP, BMP, GIF, PNM, AVIF and JPEG 2000 can)"
    )
    assert f"failed: {mixed}/bad\\n\\xfc.png: {unknown}" in lines
    assert f"{len(good)} of {len(bad) + len(good)} images scored, {len(bad)} failed" in finished.stdout


def test_names_come_back_from_every_kind_of_file(tmp_path: Path) -> None:
    for name in NAMES:
        Image.fromarray(RGB).save(tmp_path / os.fsdecode(name), "PNG")
    (tmp_path / os.fsdecode(b"bad\n\xfc.png")).touch()
    outputs = {suffix: tmp_path / f"scores.{suffix}" for suffix in ("csv", "parquet")}
    finished = run_in_one_process(*(("score", tmp_path, "-o", output) for output in outputs.values()))
    assert [one.returncode for one in finished] == [1, 1]
    expected = {f"{tmp_path}/{name}" for name in (*NAMES.values(), "bad\n\\xfc.png")}
    with outputs["csv"].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["path"] for row in rows} == expected
    assert {bool(row["score"]) != bool(row["error"]) for row in rows} == {True}
    table = pl.read_parquet(outputs["parquet"])
    assert set(table["path"]) == set(pl.read_csv(outputs["csv"])["path"]) == expected
    assert table["score"].null_count() == 1
    assert table["error"].drop_nulls().to_list() == ["is empty (0 bytes)"]
    assert table["weights_sha256"].n_unique() == 1


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    for index in range(3):
        Image.fromarray(np.roll(RGB, index, axis=0)).save(folder / f"{index}.png")
    return folder


class Bomb:
    """Unpickled without care, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Places that can't be read as images, written as results, or loaded as weights."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "empty").mkdir()
    (folder / "folder.json").mkdir()
    (folder / "text").write_text("not weights, not an image")
    (folder / "nothing.pth").touch()
    content = WEIGHTS.read_bytes()
    (folder / "cut.safetensors").write_bytes(content[: len(content) // 2])
    (folder / "garbage.safetensors").write_bytes(content[:9] + bytes(200) + content[209:])
    torch.save({"model": Bomb(folder / "exploded")}, folder / "bomb.pth")
    for algorithm in ("a", "b"):
        (folder / "loose" / algorithm).mkdir(parents=True)
        Image.fromarray(RGB).save(folder / "loose" / algorithm / "1.png")
    Image.fromarray(RGB).save(folder / "loose" / "1.png")
    (folder / "other").mkdir()
    Image.fromarray(RGB).save(folder / "other" / "zebra.png")
    return folder


# What is asked for, with {good} and {places} for the folders, and a part of the one line that is said.
MISTAKES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "missing path": (("score", "{good}", "{places}/gone.png"), "gone.png: no such file or folder"),
    "missing path with line end": (("score", "{places}/two\nlines"), "two\\nlines: no such file or folder"),
    "path too long": (("score", "a" * 5000), "File name too long"),
    "empty path": (("score", ""), "'': no such file or folder"),
    "empty folder": (("score", "{places}/empty"), "empty: no image in this folder"),
    "pattern without match": (("score", "{good}/*.gif"), "*.gif: the pattern matches no image"),
    "output in a missing folder": (("score", "{good}", "-o", "{places}/gone/a.json"), "there is no folder"),
    "output is a folder": (("score", "{good}", "-o", "{places}/folder.json"), "it is a folder"),
    "output of another kind": (("score", "{good}", "-o", "{places}/a.txt"), "must end in .csv, .json, .parquet"),
    "output without a kind": (("compare", "a", "b", "-o", "{places}/a"), "must end in .csv, .json, .parquet"),
    "report of another kind": (("rank", "{good}", "--report", "{places}/a.pdf"), "must end in .html"),
    "output below a file": (("rank", "{good}", "-o", "{places}/text/a.csv"), "there is no folder"),
    "output too long": (("score", "{good}", "-o", "{places}/" + "a" * 300 + ".csv"), "File name too long"),
    "bad image to compare": (("compare", "{good}/0.png", "{places}/text"), "text: isn't an image of a format"),
    "missing image to compare": (("compare", "{places}/go\nne", "{good}/0.png"), "go\\nne: no such file"),
    "folder to compare": (("compare", "{good}", "{good}/0.png"), "is a folder; an image file is needed here"),
    "missing folder to rank": (("rank", "{places}/gone"), "gone: no such folder"),
    "numbered pictures to rank": (("rank", "{good}"), "the names are only numbered"),
    "pattern to rank by": (("rank", "{good}", "--match", "("), "isn't a regular expression"),
    "address to rank": (("rank", "https://x.org/a"), "is an address on the web"),
    "nothing shared to rank": (("rank", "{good}", "{places}/other"), "no content is shared"),
    "file to rank": (("rank", "{good}/0.png"), "0.png: no such folder"),
    "empty folder to rank": (("rank", "{places}/empty"), "holds 0 algorithms"),
    "loose image to rank": (("rank", "{places}/loose"), "has both images and folders of images"),
    "name too long to rank": (("rank", "a" * 300), "File name too long"),
    "no CUDA": (("score", "{good}", "--device", "cuda"), "device 'cuda' can't be used here"),
    "unknown device": (("score", "{good}", "--device", "toaster"), "device 'toaster' can't be used here"),
    "fp16 on a CPU": (("score", "{good}", "--device", "cpu", "--precision", "fp16"), "fp16 needs a GPU"),
    "unknown weights": (("score", "{good}", "--weights", "compct"), "did you mean compact"),
    "weights too long": (("score", "{good}", "--weights", "a" * 300), "File name too long"),
    "weights not fetched": (("score", "{good}", "-w", "released"), "fgresq weights fetch released"),
    "weights are a folder": (("score", "{good}", "-w", "{places}/empty"), "empty: "),
    "weights are text": (
        ("compare", "{good}/0.png", "{good}/1.png", "-w", "{places}/text"),
        "text: ",
    ),
    "weights are empty": (("score", "{good}", "-w", "{places}/nothing.pth"), "nothing.pth: "),
    "weights are cut": (("score", "{good}", "-w", "{places}/cut.safetensors"), "cut.safetensors: "),
    "weights are garbage": (
        ("rank", "{good}", "--match", "(?P<algorithm>.+)", "-w", "{places}/garbage.safetensors"),
        "garbage.safetensors: ",
    ),
    "weights hold code": (("score", "{good}", "-w", "{places}/bomb.pth"), "bomb.pth: "),
}
# These are typer's own, in a box.
MISUSE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "one image to compare": (("compare", "a.png"), "Missing argument 'B'"),
    "three images to compare": (("compare", "a.png", "b.png", "c.png"), "unexpected extra argument"),
    "nothing to score": (("score",), "Missing argument"),
    "unknown option": (("score", "a.png", "--fast"), "No such option: --fast"),
    "unknown command": (("scroe", "a.png"), "No such command 'scroe'"),
    "unknown precision": (("score", "a.png", "--precision", "fp8"), "'fp8' is not one of"),
    "unknown order": (("compare", "a.png", "b.png", "--order", "random"), "'random' is not one of"),
    "no batch": (("score", "a.png", "--batch-size", "0"), "--batch-size"),
    "batch of words": (("score", "a.png", "--batch-size", "many"), "--batch-size"),
    "no confidence": (("rank", "a", "--confidence", "2"), "--confidence"),
    "one resample": (("rank", "a", "--resamples", "1"), "--resamples"),
}


@pytest.fixture(scope="module")
def mistakes(good: Path, places: Path) -> dict[str, Finished[str]]:
    commands = {
        name: [argument.format(good=good, places=places) for argument in arguments]
        for name, (arguments, _) in {**MISTAKES, **MISUSE}.items()
    }
    commands["only bad ones"] = ["score", f"{places}/text", f"{places}/nothing.pth"]
    commands["only good ones"] = ["score", f"{good}", f"{good}/0.png", f"{good}/*.png"]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "FGRESQ_HOME": str(places / "home"), "COLUMNS": "200"}
    before = sorted(places.rglob("*"))
    finished = run_in_one_process(*commands.values(), env=environment)
    assert sorted(places.rglob("*")) == before  # nothing was written, and the bomb didn't go off
    return dict(zip(commands, finished, strict=True))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_and_exit_2(mistakes: Mapping[str, Finished[str]], name: str) -> None:
    assert_one_line(mistakes[name], 2, MISTAKES[name][1])


@pytest.mark.parametrize("name", MISUSE)
def test_misuse_exits_2_with_the_usage(mistakes: Mapping[str, Finished[str]], name: str) -> None:
    finished = mistakes[name]
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert "Usage: fgresq" in finished.stderr
    assert MISUSE[name][1] in finished.stderr
    assert "Traceback" not in finished.stderr


def test_mistakes_in_a_process_of_their_own(good: Path, places: Path) -> None:
    """Some of the same, through the console script that people run."""
    names = ("missing path", "output in a missing folder", "bad image to compare", "loose image to rank")
    names += ("weights hold code", "one image to compare")
    commands = [[part.format(good=good, places=places) for part in {**MISTAKES, **MISUSE}[name][0]] for name in names]
    with ThreadPoolExecutor(2) as pool:
        finished = list(pool.map(lambda command: run(*command), commands))
    for name, one in zip(names[:-1], finished, strict=False):
        assert_one_line(one, 2, MISTAKES[name][1])
    assert finished[-1].returncode == 2
    assert "Usage: fgresq compare" in finished[-1].stderr
    assert not (places / "exploded").exists()


def test_only_good_ones_exit_0(mistakes: Mapping[str, Finished[str]]) -> None:
    finished = mistakes["only good ones"]
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "3 of 3 images scored, 0 failed" in finished.stdout


def test_only_bad_ones_exit_1(mistakes: Mapping[str, Finished[str]]) -> None:
    finished = mistakes["only bad ones"]
    assert finished.returncode == 1
    assert "0 of 2 images scored, 2 failed" in finished.stdout
    assert finished.stderr.count("\n") == 2


def test_rank_goes_on_without_bad_images(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    for algorithm in ("plain", "bäd\n"):
        (folder / algorithm).mkdir(parents=True)
        for content in range(3):
            Image.fromarray(np.roll(RGB, content, axis=0)).save(folder / algorithm / f"{content}.png")
    REFUSED["cut.png"][0](folder / "plain" / "1.png")
    REFUSED["nothing.png"][0](folder / "bäd\n" / "2.png")
    REFUSED["animated.gif"][0](folder / "bäd\n" / "3.gif")
    finished = run("rank", folder, "-o", tmp_path / "a.json", "--report", tmp_path / "a.html")
    assert finished.returncode == 1
    result = json.loads((tmp_path / "a.json").read_text("utf-8"))
    failures = {entry["path"]: entry["error"] for entry in result["failures"]}
    assert failures.keys() == {f"{folder}/{name}" for name in ("plain/1.png", "bäd\n/2.png", "bäd\n/3.gif")}
    assert failures[f"{folder}/bäd\n/2.png"] == "is empty (0 bytes)"
    assert result["missing"] == [["plain", "3"]]
    assert {entry["algorithm"]: entry["contents"] for entry in result["leaderboard"]} == {"plain": 1, "bäd\n": 1}
    assert "3 of 4 contents have an image of one algorithm at most and count for nothing; 1 compared" in finished.stdout
    assert sum(line.startswith("failed: ") for line in finished.stderr.splitlines()) == 3
    assert "Traceback" not in finished.stderr
    assert (tmp_path / "a.html").read_text("utf-8").count("is empty (0 bytes)") == 1


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    Image.fromarray(RGB).resize((512, 512)).save(tmp_path / "one.png")
    for index in range(2000):
        (folder / f"{index} {'long' * 40}.png").symlink_to(tmp_path / "one.png")
    return folder


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux to see that the work has begun")
def test_ctrl_c(many: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.json"
    output.write_text("old")
    command = [COMMAND, "score", many, "-o", output]
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: has_open(process, tmp_path / "one.png"), "it reads a picture", process=process)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=LONGEST)
    assert process.returncode == 130
    assert (stdout, stderr.strip()) == ("", "")
    assert output.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "many", "one.png"]


def has_open(process: subprocess.Popen[str], path: Path) -> bool:
    """Whether a process has a file open now."""
    for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed again meanwhile
            if descriptor.readlink() == path:
                return True
    return False


def test_a_reader_that_leaves_early(good: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.json"
    command = [COMMAND, "score", good, "-o", output]
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        stderr = process.stderr.read()
        process.wait(LONGEST)
    assert stderr == ""
    assert len(json.loads(output.read_text())["scores"]) == 3  # what was asked for in a file is there


def test_a_terminal_that_lacks_the_characters(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "Größe 大.png")
    finished = subprocess.run(
        [COMMAND, "score", tmp_path],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "300"},
        check=True,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert "Gr\\xf6\\xdfe \\u5927.png" in finished.stdout


def test_a_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    for index in range(12):
        Image.fromarray(np.roll(RGB, index, axis=1)).save(folder / f"{index} {'long' * 40}.png")
    limited = ("sh", "-c", 'ulimit -f 2 && exec "$@"', "sh")  # no file may grow beyond 1 or 2 KiB
    outputs = [tmp_path / f"a.{suffix}" for suffix in ("csv", "json", "parquet")]
    finished = run_in_one_process(*(("score", folder, "-o", output) for output in outputs), before=limited)
    for output, one in zip(outputs, finished, strict=True):
        assert one.returncode == 2, one.stderr
        assert one.stderr.count("\n") == 1
        assert f"{output}: can't be written (File too large" in one.stderr
    assert list(tmp_path.iterdir()) == [folder]
