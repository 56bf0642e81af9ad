from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest
from PIL import Image

from fgresq.curation.jnd import filtering
from fgresq.curation.jnd.filtering import SizeRule, filter_unnoticeable
from fgresq.curation.jnd.noise import JndNoise
from fgresq.curation.jnd.threshold import JndThreshold
from fgresq.errors import ManifestError
from fgresq.metrics.ssim import ssim
from fgresq.workers import processes


def at(value: float, matlab_downsampling: bool = False) -> JndThreshold:
    return JndThreshold(
        ssim=value,
        interval=None,
        confidence=0.95,
        resamples=2000,
        seed=0,
        noise=JndNoise(),
        matlab_downsampling=matlab_downsampling,
        wanted=1,
        images=(),
        made_by="a test",
    )


@pytest.fixture
def tables(photographs, tmp_path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two contents of four images each; pairs sorted by task, so that contents alternate."""
    images, pairs = [], []
    for content in ("coffee", "chelsea"):
        picture = np.asarray(Image.open(photographs[content]))[40:160, 50:180]
        noise = np.random.default_rng(0).normal(0, 1.0, picture.shape)
        kinds = {
            "a-original": picture,
            "b-nearly": np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8),
            "c-blurred": cv2.GaussianBlur(picture, (0, 0), 1.5),
            "d-cropped": picture[:100, :110],
        }
        for kind, pixels in kinds.items():
            path = tmp_path / f"{content}-{kind}.png"
            Image.fromarray(pixels).save(path)
            images.append({"image_id": f"{content}/{kind}", "path": str(path)})
        names = [f"{content}/{kind}" for kind in kinds]
        for number, (i, j) in enumerate(combinations(range(4), 2)):
            pairs.append(
                {"task": f"task{number % 2}", "content": content, "image_a": names[i], "image_b": names[j], "mos": i}
            )
    return pl.DataFrame(pairs).sort("task", "content", "image_a", "image_b"), pl.DataFrame(images)


def unit(images: pl.DataFrame, identity: str) -> np.ndarray:
    return np.asarray(Image.open(images.filter(image_id=identity)["path"][0])) / 255


def test_pairs_are_kept_at_or_below_the_threshold(tables):
    pairs, images = tables
    judged = filter_unnoticeable(pairs, images, at(0.95))
    assert judged.failed == {}
    assert judged.pairs.select(pairs.columns).equals(pairs)
    assert judged.pairs.columns == [*pairs.columns, "ssim", "kept", "cropped", "not_judged"]
    for row in judged.pairs.iter_rows(named=True):
        if "cropped" in row["image_b"]:
            assert (row["ssim"], row["kept"]) == (None, None)
            assert row["not_judged"] == "the images have different sizes, 130x120 and 110x100 pixels"
        else:
            expected = ssim(unit(images, row["image_a"]), unit(images, row["image_b"]))
            assert row["ssim"] == pytest.approx(expected, abs=1e-6)
            assert row["kept"] == (row["ssim"] <= 0.95)
            assert row["not_judged"] is None
    kept = judged.pairs.filter("kept")
    assert kept.height == 4
    assert set(kept["image_b"]) == {"coffee/c-blurred", "chelsea/c-blurred"}


def test_a_pair_exactly_at_the_threshold_is_kept(tables):
    pairs, images = tables
    value = filter_unnoticeable(pairs, images, at(0.5)).pairs["ssim"].drop_nulls().max()
    assert filter_unnoticeable(pairs, images, at(value)).pairs["kept"].drop_nulls().all()
    below = np.nextafter(value, 0)
    assert filter_unnoticeable(pairs, images, at(below)).pairs["kept"].drop_nulls().not_().sum() == 1


def test_sizes_may_be_cropped_to_what_they_share(tables):
    pairs, images = tables
    judged = filter_unnoticeable(pairs, images, at(0.95), sizes=SizeRule.CROP)
    assert judged.pairs["not_judged"].is_null().all()
    for row in judged.pairs.iter_rows(named=True):
        a, b = unit(images, row["image_a"]), unit(images, row["image_b"])
        height, width = np.minimum(a.shape[:2], b.shape[:2])
        assert row["ssim"] == pytest.approx(ssim(a[:height, :width], b[:height, :width]), abs=1e-6)
    cropped_original = judged.pairs.filter(image_a="coffee/a-original", image_b="coffee/d-cropped")
    assert cropped_original["ssim"].to_list() == [1.0]


def test_a_sliver_cannot_be_cropped_to(tables, tmp_path):
    pairs, images = tables
    Image.new("RGB", (40, 9)).save(tmp_path / "coffee-d-cropped.png")
    judged = filter_unnoticeable(pairs, images, at(0.95), sizes=SizeRule.CROP)
    assert judged.failed.keys() == {"coffee/d-cropped"}
    assert "40x9 pixels is too small" in judged.failed["coffee/d-cropped"]


def test_the_form_of_ssim_is_that_of_the_threshold(photographs, tmp_path):
    picture = np.asarray(Image.open(photographs["astronaut"]))
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 15, picture.shape), 0, 255).astype(np.uint8)
    for name, pixels in (("a", picture), ("b", noisy)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    images = pl.DataFrame({"image_id": ["a", "b"], "path": [str(tmp_path / f"{name}.png") for name in "ab"]})
    pairs = pl.DataFrame({"content": ["astronaut"], "image_a": ["a"], "image_b": ["b"]})
    for form in (False, True):
        (value,) = filter_unnoticeable(pairs, images, at(0.9, form)).pairs["ssim"]
        assert value == pytest.approx(ssim(picture / 255, noisy / 255, matlab_downsampling=form), abs=1e-6)


def test_a_bad_image_spoils_its_own_pairs_only(tables, tmp_path):
    pairs, images = tables
    bad = tmp_path / "coffee-b-nearly.png"
    bad.write_bytes(bad.read_bytes()[:1000])
    (tmp_path / "chelsea-a-original.png").unlink()
    before = filter_unnoticeable(pairs, images, at(0.95))
    assert before.failed.keys() == {"coffee/b-nearly", "chelsea/a-original"}
    assert "coffee-b-nearly.png" in before.failed["coffee/b-nearly"]
    assert before.pairs.height == pairs.height
    for row in before.pairs.iter_rows(named=True):
        spoilt = {row["image_a"], row["image_b"]} & before.failed.keys()
        for identity in spoilt:
            assert before.failed[identity] in row["not_judged"]
            assert row["kept"] is None
        if not spoilt and "cropped" not in row["image_b"]:
            assert row["ssim"] is not None


def test_every_image_is_decoded_once(tables, monkeypatch):
    pairs, images = tables
    decoded = []
    original = filtering.read_picture
    monkeypatch.setattr(filtering, "read_picture", lambda path: decoded.append(path) or original(path))
    filter_unnoticeable(pairs, images, at(0.95))
    assert sorted(decoded) == sorted(map(Path, images["path"]))


def test_progress_counts_pairs(tables):
    done = []
    filter_unnoticeable(*tables, at(0.95), progress=done.append)
    assert sum(done) == tables[0].height


def test_the_content_of_most_pairs_comes_first(tables):
    pairs, images = tables
    fewer = pairs.filter(~((pl.col("content") == pairs["content"][0]) & (pl.col("task") == "task0")))
    assert fewer["content"].value_counts(sort=True).rows()[0][0] != pairs["content"][0]
    done = []
    filter_unnoticeable(fewer.sort("content", descending=True), images, at(0.95), progress=done.append)
    forward = filter_unnoticeable(fewer.sort("content"), images, at(0.95), progress=done.append)
    assert done == [6, 3, 6, 3]
    whole = filter_unnoticeable(pairs, images, at(0.95))
    assert forward.pairs.sort("image_a", "image_b")["ssim"].to_list() == (
        whole.pairs.join(fewer, on=["image_a", "image_b"], how="semi").sort("image_a", "image_b")["ssim"].to_list()
    )


def test_processes_give_the_same_table(tables, tmp_path):
    (tmp_path / "coffee-b-nearly.png").write_bytes(b"")
    alone = filter_unnoticeable(*tables, at(0.95))
    with processes(2) as spread:
        together = filter_unnoticeable(*tables, at(0.95), map=spread)
    assert together.pairs.equals(alone.pairs)
    assert together.failed == alone.failed


def test_no_pairs(tables):
    pairs, images = tables
    judged = filter_unnoticeable(pairs.clear(), images, at(0.95))
    assert judged.pairs.height == 0
    assert judged.pairs.schema["ssim"] == pl.Float64
    assert judged.pairs.schema["kept"] == pl.Boolean
    assert judged.pairs.schema["not_judged"] == pl.String


def test_an_unknown_image_is_named(tables):
    pairs, images = tables
    with pytest.raises(ManifestError, match=r"aren't in the table of images: chelsea/c-blurred$"):
        filter_unnoticeable(pairs, images.filter(pl.col("image_id") != "chelsea/c-blurred"), at(0.95))
