"""The parsers on the real labels of PIPAL, KADID-10k, TID2013, CSIQ and LIVE.

The label files at hand are in one common form, so each is first written back to its authors' form and layout.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from tests.declarations import copies

from fgresq.curation.calibration import calibrate
from fgresq.curation.filters import CoarseFilter
from fgresq.curation.pairs import count_pairs, count_possible, pair_batches
from fgresq.curation.sources import Scan, find_source, scan
from fgresq.curation.tau import Tau

pytestmark = pytest.mark.shared

# Least and greatest label as in `../shared/research/datasets.md`, and images.
FACTS = {
    "PIPAL": (916.7136, 1835.9856, 23_200),
    "KADID-10k": (1.0, 4.93, 10_125),
    "TID2013": (0.24242, 7.2143, 3_000),
    "CSIQ": (0.0, 1.0, 866),
    "LIVE": (-2.640015016409613, 111.7746935263145, 779),
}
WRITERS: dict[str, Callable[..., None]] = {
    "PIPAL": copies.write_pipal,
    "KADID-10k": copies.write_kadid,
    "TID2013": copies.write_tid,
    "CSIQ": copies.write_csiq,
    "LIVE": copies.write_live,
}


def labels_of(shared: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(shared / "data" / "labels" / f"{name}.csv")


@pytest.fixture(scope="module")
def found(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scan]]:
    if not (shared / "data" / "labels").is_dir():
        pytest.skip("the real label files are absent")
    scans = {}
    for name, write in WRITERS.items():
        table = labels_of(shared, name)
        names = table["dis_img_path"].str.split("/").list.get(-1)
        if name == "LIVE":
            names = table["dis_img_path"].str.strip_prefix("LIVE/")
            rows = zip(names, table["ref_img_path"].str.split("/").list.get(-1), table["score"], strict=True)
        else:
            rows = zip(names, table["score"], strict=True)
        root = tmp_path_factory.mktemp("real")
        write(root, rows)
        scans[name] = scan(find_source(name), root)
    return scans


@pytest.mark.parametrize("name", FACTS)
def test_real_labels_are_as_declared(name: str, found: dict[str, Scan], shared: Path) -> None:
    scanned, labels = found[name], find_source(name).labels
    assert scanned.complete, (scanned.missing[:3], scanned.wrong[:3], scanned.counts)
    low, high, images = FACTS[name]
    assert scanned.images.height == images
    raw = labels_of(shared, name)["score"]
    assert (raw.min(), raw.max()) == (low, high)
    ends = sorted(map(labels.turned, (low, high)))
    assert [scanned.images["mos"].min(), scanned.images["mos"].max()] == pytest.approx(ends, abs=1e-9)
    assert labels.low == pytest.approx(low, abs=0.05)  # as published, rounded
    assert labels.high == pytest.approx(high, abs=0.05)


@pytest.mark.parametrize("name", FACTS)
def test_every_label_stays_with_its_image_and_reference(name: str, found: dict[str, Scan], shared: Path) -> None:
    turned = find_source(name).labels.turned
    raw = {
        (path.split("/")[-2], path.split("/")[-1].lower()) if name == "LIVE" else path.split("/")[-1].lower(): (
            turned(score),
            reference.split("/")[-1].lower(),
        )
        for path, reference, score in labels_of(shared, name)
        .select("dis_img_path", "ref_img_path", "score")
        .iter_rows()
    }
    for path, mos, reference in found[name].images.select("path", "mos", "reference").iter_rows():
        parts = Path(path.lower()).parts
        key = (parts[-2], parts[-1]) if name == "LIVE" else parts[-1]
        assert raw.pop(key) == (mos, Path(reference).name.lower())
    assert raw == {}


def test_types_of_real_images(found: dict[str, Scan], shared: Path) -> None:
    pipal = found["PIPAL"].images
    kinds = pipal.group_by(pl.col("algorithm").str.head(2)).len().sort("algorithm")["len"].to_list()
    assert kinds == [200 * count for count in (12, 16, 10, 24, 13, 14, 27)]
    tasks = dict(pipal.group_by("task").len().rows())
    assert tasks == {"SuperResolution": 12_400, "Denoising": 2_600, "MixtureRestoration": 2_800, None: 5_400}

    kadid = found["KADID-10k"].images
    assert kadid.group_by(pl.col("algorithm").str.head(2)).len()["len"].to_list() == [405] * 25
    denoised = kadid.filter(task="Denoising")
    assert denoised["algorithm"].str.head(2).unique().to_list() == ["15"]
    named = labels_of(shared, "KADID-10k").filter(dis_type="Denoising")
    assert denoised["mos"].sort().to_list() == named["score"].sort().to_list()

    tid = found["TID2013"].images
    assert tid.group_by(pl.col("algorithm").str.head(2)).len()["len"].to_list() == [125] * 24
    live = dict(found["LIVE"].images.group_by("algorithm").len().rows())
    assert live == {"jp2k": 169, "jpeg": 175, "wn": 145, "gblur": 145, "fastfading": 145}
    csiq = dict(found["CSIQ"].images.group_by(pl.col("algorithm").str.split(".").list.get(0)).len().rows())
    assert csiq == {"AWGN": 150, "BLUR": 150, "contrast": 116, "fnoise": 150, "JPEG": 150, "jpeg2000": 150}
    for name in ("TID2013", "CSIQ", "LIVE"):
        assert found[name].images["task"].null_count() == found[name].images.height


def test_pairs_of_real_images(found: dict[str, Scan]) -> None:
    images = pl.concat([found["PIPAL"].images, found["KADID-10k"].images])
    possible = {(source, task): row for source, task, *row in count_possible(images).iter_rows()}
    assert possible == {
        ("KADID-10k", "Denoising"): [81, 405, 81 * 10],
        ("PIPAL", "Denoising"): [200, 2_600, 200 * 13 * 12 // 2],
        ("PIPAL", "MixtureRestoration"): [200, 2_800, 200 * 14 * 13 // 2],
        ("PIPAL", "SuperResolution"): [200, 12_400, 200 * 62 * 61 // 2],
    }
    coarse = CoarseFilter.for_images(images, {"PIPAL": Tau(own=100), "KADID-10k": Tau(normalised=0.1)})
    kept = count_pairs(pl.concat([coarse.keep(pairs) for pairs in pair_batches(images, 50_000)]))
    # By numpy over all pairs of the raw labels, in a program of its own.
    assert dict(zip(kept["task"], kept["pairs"], strict=True)) != {}
    assert kept.select("source", "task", "pairs").rows() == [
        ("KADID-10k", "Denoising", 127),
        ("PIPAL", "Denoising", 8_097),
        ("PIPAL", "MixtureRestoration", 7_290),
        ("PIPAL", "SuperResolution", count_by_numpy(found["PIPAL"].images.filter(task="SuperResolution"), 100)),
    ]


def count_by_numpy(images: pl.DataFrame, tau: float) -> int:
    total = 0
    for _, group in images.group_by("content"):
        mos = group["mos"].to_numpy()
        total += int(((abs(mos[:, None] - mos[None]) <= tau).sum() - len(mos)) // 2)
    return total


def test_our_tau_keeps_a_little_more_than_fgrestore_has(found: dict[str, Scan]) -> None:
    """The reason for 0.1: all pairs that FGRestore has of two tasks pass, and few more (docs/curation.md)."""
    images = pl.concat([found["PIPAL"].images, found["KADID-10k"].images])
    taus = {name: find_source(name).tau for name in ("PIPAL", "KADID-10k")}
    table = calibrate(images, CoarseFilter.for_images(images, taus)).kept().filter("chosen")
    kept = dict(table.group_by("task").agg(pl.col("kept").sum()).rows())
    assert kept["Denoising"] == 7_678
    assert 7_317 / kept["Denoising"] == pytest.approx(0.953, abs=1e-3)
    assert kept["MixtureRestoration"] == 6_714
    assert 6_248 / kept["MixtureRestoration"] == pytest.approx(0.931, abs=1e-3)
