"""`fgresq sources` and `fgresq curate calibrate` as people run them."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.declarations.copies import kadid_labels, pipal_labels, write_copy, write_kadid, write_pipal
from tests.end_to_end.command import inside, run

from fgresq.curation.sources import SOURCES


@pytest.fixture(scope="module")
def qads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return write_copy("QADS", tmp_path_factory.mktemp("copy") / "QADS")


def test_the_list_names_all(tmp_path: Path) -> None:
    out = tmp_path / "list.json"
    printed = run("sources", "list", "--output", out).stdout
    assert [line.split()[0] for line in printed.splitlines() if line[:1].strip()][1:] == list(SOURCES)
    assert [row["name"] for row in json.loads(out.read_text())] == list(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_each_can_be_shown(name: str, tmp_path: Path) -> None:
    printed = inside("sources", "show", name, "--output", tmp_path / "it.json").stdout
    source = SOURCES[name]
    assert f"{name}: {source.title}" in printed
    for fact in (source.home_page, source.citation, source.layout and source.layout.splitlines()[0]):
        assert fact is None or fact in printed
    assert ("its layout isn't known here" in printed) == (source.layout is None)
    assert json.loads((tmp_path / "it.json").read_text())["expected"]["images"] == source.expected.images


def test_an_unknown_name_lists_the_nearest() -> None:
    assert "no source is called 'KADID'; did you mean KADID-10k?" in inside("sources", "show", "KADID", code=2).stderr
    assert "did you mean RealSRQ?" in inside("sources", "check", "RealSR", "/", code=2).stderr


def test_a_complete_copy(qads: Path, tmp_path: Path) -> None:
    done = inside("sources", "check", "QADS", qads, "--output", tmp_path / "found.json")
    rows = dict(re.findall(r"^(\w[\w ]*?) +(\d+) +(?:\d+|-) *$", done.stdout, flags=re.MULTILINE))
    assert rows["images"] == rows["images of SuperResolution"] == "980"
    assert (rows["contents"], rows["algorithms"], rows["references"]) == ("20", "21", "20")
    assert "complete; 0 missing, 0 wrong, 0 without a label" in done.stdout
    document = json.loads((tmp_path / "found.json").read_text())
    assert document["complete"] is True
    assert {"what": "images", "found": 980, "expected": 980} in document["counts"]


def test_a_copy_with_gaps_names_each_and_exits_1(tmp_path: Path) -> None:
    root = write_copy("QADS", tmp_path / "QADS")
    names = [f"super-resolved_images/img07_4_M{number}.png" for number in range(1, 13)]
    for name in names:
        (root / name).unlink()
    (root / "source_images" / "img03.bmp").rename(root / "source_images" / "img99.bmp")
    done = inside("sources", "check", "QADS", root, "--output", tmp_path / "found.json", code=1)
    missing = re.findall(r"^missing: (.*)$", done.stderr, flags=re.MULTILINE)
    assert sorted(missing) == sorted([*names, "source_images/img03.bmp"])
    assert "without a label: source_images/img99.bmp" in done.stderr
    assert "not as expected; 13 missing, 0 wrong, 1 without a label" in done.stdout
    assert sorted(json.loads((tmp_path / "found.json").read_text())["missing"]) == sorted(missing)


def test_mistakes_in_a_check(qads: Path, tmp_path: Path) -> None:
    assert "no such folder" in inside("sources", "check", "QADS", tmp_path / "absent", code=2).stderr
    assert "holds nothing of QADS" in inside("sources", "check", "QADS", tmp_path, code=2).stderr
    assert "give a CSV" in inside("sources", "check", "MDD13", tmp_path, code=2).stderr
    assert "must end in .json" in inside("sources", "check", "QADS", qads, "-o", tmp_path / "x.csv", code=2).stderr
    (tmp_path / "bad.csv").write_text("image_id,path\n")
    assert "lacks the columns" in inside("sources", "check", "manifest", tmp_path / "bad.csv", code=2).stderr


def test_calibration_shows_what_each_tau_keeps(tmp_path: Path) -> None:
    (tmp_path / "pipal").mkdir()
    (tmp_path / "kadid").mkdir()
    write_pipal(tmp_path / "pipal", pipal_labels(contents=2))
    write_kadid(tmp_path / "kadid", [row for row in kadid_labels() if row[0] < "I03"])
    copies = [f"PIPAL={tmp_path / 'pipal'}", f"KADID-10k={tmp_path / 'kadid'}"]
    out, picture = tmp_path / "kept.csv", tmp_path / "kept.png"
    done = inside("curate", "calibrate", *copies, "--tau", "PIPAL=own:50", "-o", out, "--picture", picture)
    pairs = {"SuperResolution": 62 * 61, "Denoising": 13 * 12, "MixtureRestoration": 14 * 13}  # twice the half
    for task, count in pairs.items():
        assert f"PIPAL, {task}: {count:,} pairs" in done.stdout
    assert "KADID-10k, Denoising: 20 pairs" in done.stdout
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    chosen = {(row["source"], row["task"]): float(row["tau"]) for row in rows if row["chosen"] == "true"}
    assert chosen == {
        ("KADID-10k", "Denoising"): pytest.approx(0.393),
        **{("PIPAL", task): 50.0 for task in pairs},
    }
    whole = [row for row in rows if float(row["normalised"]) == 1]
    assert {(row["source"], row["pairs"]) for row in whole} == {
        ("KADID-10k", "20"),
        *(("PIPAL", str(count)) for count in pairs.values()),
    }
    assert all(row["kept"] == row["pairs"] and float(row["share"]) == 1 for row in whole)
    assert done.stdout.count("<- chosen") == 4
    with Image.open(picture) as drawn:
        assert min(drawn.size) > 300


def test_calibration_needs_only_labels_and_counts_what_is_missing(tmp_path: Path) -> None:
    write_kadid(tmp_path, [row for row in kadid_labels() if row[0] < "I02"])
    for image in (tmp_path / "images").iterdir():
        image.unlink()
    done = inside("curate", "calibrate", f"KADID-10k={tmp_path}")
    assert "KADID-10k, Denoising: 10 pairs" in done.stdout
    assert "126 files missing" in done.stderr


def test_images_without_labels_are_kept_whole(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    rows = [f"i{n},a.png,derain,Deraining,c1,m{n}\n" for n in range(3)]
    (tmp_path / "bare.csv").write_text("image_id,path,source,task,content,algorithm\n" + "".join(rows))
    copy = f"manifest={tmp_path / 'bare.csv'}"
    assert "set its tau to keep-all" in inside("curate", "calibrate", copy, code=2).stderr
    printed = inside("curate", "calibrate", copy, "--tau", "derain=keep-all").stdout
    assert "derain, Deraining: 3 pairs, 3 of them without scores" in printed
    assert re.search(r"keep-all +- +3 +100\.0% +<- chosen", printed)
    drawing = ("--tau", "derain=keep-all", "--picture", tmp_path / "d.svg")
    assert "nothing to draw" in inside("curate", "calibrate", copy, *drawing, code=2).stderr


def test_mistakes_in_a_calibration(qads: Path, tmp_path: Path) -> None:
    copy = f"QADS={qads}"
    for arguments, complaint in (
        (["QADS"], "NAME=ROOT is needed"),
        (["QUADS=x"], "did you mean QADS?"),
        ([copy, "--tau", "QADS"], "SOURCE=TAU is needed"),
        ([copy, "--tau", "QADS=100"], "isn't a tau"),
        ([copy, "--tau", "PIPAL=own:1"], "tau is given for PIPAL, which has no images"),
        ([copy, "--picture", tmp_path / "x.gif"], "must end in .png, .svg"),
        ([copy, "-o", tmp_path / "absent" / "x.csv"], "there is no folder"),
    ):
        assert complaint in inside("curate", "calibrate", *arguments, code=2).stderr
