"""A build from copies of every declared source at once, laid out as documented or given as a CSV."""

import re
from pathlib import Path

import polars as pl
import pytest
from tests.declarations import copies
from tests.unit.curation.pipeline.studies import picture, restored, save, write_config, write_source

from fgresq.curation.pipeline.build import build
from fgresq.curation.pipeline.config import read_config
from fgresq.curation.pipeline.workplace import close_workplace
from fgresq.curation.sources import SOURCES, Purpose
from fgresq.manifest import read_manifest

AS_CSV = {"MDD13": "Deblurring", "IVC-Dehazing": "Dehazing", "SISRSet": "SuperResolution", "manifest": "Denoising"}
# Two contents of each source get pictures that differ; all others are one picture, whose pairs aren't noticeable.
DIFFERENT = {
    "IVIPC-DQA": r"Data/.*/[12]_",
    "exBeDDE": r"beijing_[12]",
    "PIPAL": r"A000[12]",
    "KADID-10k": r"I0[12]",
    "QADS": r"img0[12]",
    "RealSRQ": r"Text_00[12]",
}
PAIRS = {
    ("IVIPC-DQA", "Deraining"): 206 * 15,
    ("exBeDDE", "Dehazing"): 167 * 45,
    ("PIPAL", "SuperResolution"): 2 * 1891,
    ("PIPAL", "Denoising"): 2 * 78,
    ("PIPAL", "MixtureRestoration"): 2 * 91,
    ("KADID-10k", "Denoising"): 2 * 10,
    ("QADS", "SuperResolution"): 20 * 1176,
    ("RealSRQ", "SuperResolution"): 60 * (45 + 36 + 28),
    ("MDD13", "Deblurring"): 24,
    ("IVC-Dehazing", "Dehazing"): 24,
    ("SISRSet", "SuperResolution"): 24,
    ("mine", "Denoising"): 24,
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copies")
    sources = []
    for number, name in enumerate(SOURCES):
        if name in AS_CSV:
            write_source(root, "mine" if name == "manifest" else name, AS_CSV[name], first=100 + number)
            sources.append({"name": name, "root": f"{'mine' if name == 'manifest' else name}.csv"})
        else:
            write_copy(name, root / str(number))
            sources.append({"name": name, "root": str(number)})
    tau = {source: "default" if source in DIFFERENT else {"own": 2} for source, _ in PAIRS}
    config = write_config(root / "all.yaml", sources=sources, tau=tau, jnd={"threshold": 0.97})
    place = build(read_config(config), root / "out")
    close_workplace(place)
    return place.out


def write_copy(name: str, root: Path) -> None:
    root.mkdir()
    if name == "PIPAL":
        copies.write_pipal(root, copies.pipal_labels(2))
    elif name == "KADID-10k":
        copies.write_kadid(
            root, [(image, label) for image, label in copies.kadid_labels() if image[:3] in ("I01", "I02")]
        )
    else:
        copies.WRITERS[name](root)
    clean = picture(len(name), 16, 16)
    for number, path in enumerate(sorted(root.rglob("*.*"))):
        if (
            name in DIFFERENT
            and path.suffix in (".png", ".bmp")
            and re.search(DIFFERENT[name], str(path.relative_to(root)))
        ):
            path.unlink()  # it is a link to the one picture
            save(path, restored(clean, 10.0, number))


def test_every_source_brings_its_pairs(out):
    counts = pl.read_csv(out / "counts.csv")
    assert {
        (source, task): pairs for source, task, pairs in counts.select("source", "task", "pairs_all").iter_rows()
    } == PAIRS
    assert counts.filter(pl.col("pairs_jnd") == 0).height == 0
    assert (counts["pairs_coarse"] < counts["pairs_all"]).all()


def test_only_noticeable_pairs_are_left(out):
    manifest = read_manifest(out)
    for image in manifest.images:
        if image.source in DIFFERENT:
            assert re.search(DIFFERENT[image.source], image.path), image.path
    scale = {image.image_id: image.scale for image in manifest.images}
    assert {scale[pair.image_a] == scale[pair.image_b] for pair in manifest.pairs} == {True}
    assert {image.scale for image in manifest.images if image.source == "RealSRQ"} == {"x2", "x3", "x4"}


def test_what_differs_from_a_complete_copy_is_named(out):
    left_out = pl.read_csv(out / "left-out.csv", infer_schema_length=None)
    counts = left_out.filter(kind="count", source="PIPAL").select("name", "reason").rows()
    assert ("images", "232 found, 23200 expected") in counts
    assert set(left_out.filter(kind="count")["source"]) == {"PIPAL", "KADID-10k", "MDD13", "IVC-Dehazing", "SISRSet"}
    without_task = left_out.filter(kind="image", fault=False)
    for name, source in SOURCES.items():
        if source.purpose is Purpose.RANGE_ANALYSIS:
            assert without_task.filter(source=name).height == 1


def test_scenes_found_by_equal_files(out):
    """Only pictures of the two contents differ; their references do as well, so no two contents are one scene."""
    assert read_manifest(out).about["one scene"] == []
