"""Measurements once a view: the same as measuring anew, kept on disk, and drawn alike for both images of a pair."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from fgresq.data.measured import Measured, Views
from fgresq.data.pictures import Pictures
from fgresq.data.transforms import Augmentation
from fgresq.errors import UserError
from fgresq.images.preprocessing import Tiles
from fgresq.manifest import Manifest
from fgresq.records import ImageRecord, RestorationTask

TILES = Tiles(tile=64, most=3)
NAMES = ("a", "b", "c")


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Two images of one content and one of another, of two sizes."""
    draw = np.random.default_rng(0)
    records = []
    for name, content, size in zip(NAMES, ("one", "one", "two"), ((150, 200), (150, 200), (70, 64)), strict=True):
        Image.fromarray(draw.integers(0, 256, (*size, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
        records.append(ImageRecord(name, f"{name}.png", "s", RestorationTask.DENOISING, content, name, mos=0.5))
    return Manifest(tmp_path, tuple(records), (), {})


def means(images: Tensor) -> Tensor:
    """Mean and number of pixels."""
    assert images.max() <= 1
    return torch.cat([images.mean(dim=(2, 3)), torch.full((len(images), 1), float(images[0, 0].numel()))], dim=1)


def measured(
    manifest: Manifest, folder: Path | None = None, *, seed: int = 0, calls: list[int] | None = None
) -> Measured:
    contents: Mapping[str, str] = {image.image_id: image.content for image in manifest.images}

    def measure(images: Tensor) -> Tensor:
        if calls is not None:
            calls.append(len(images))
        return means(images)

    views = Views(Augmentation(seed=seed, largest_scale=2.0), 2)
    return Measured(Pictures(manifest, TILES), contents, measure, views, "means", folder)


def test_the_middle_view_is_what_scoring_sees(manifest: Manifest) -> None:
    table = measured(manifest)
    for name in NAMES:
        picture = np.asarray(Image.open(manifest.root / f"{name}.png"))
        expected = means(torch.from_numpy(TILES(picture)).permute(2, 0, 1)[None] / 255)[0]
        assert torch.allclose(table[name, 0], expected)


def test_images_of_one_content_are_seen_alike_and_views_differ(manifest: Manifest) -> None:
    table = measured(manifest)
    pixels = {name: [float(table[name, view][3]) for view in range(3)] for name in NAMES}
    assert pixels["a"] == pixels["b"]
    assert pixels["a"] != pixels["c"]
    assert not torch.equal(table["a", 1], table["a", 2])


def test_what_is_kept_is_not_measured_again(manifest: Manifest, tmp_path: Path) -> None:
    folder, calls, done = tmp_path / "kept", [], []
    first = measured(manifest, folder, calls=calls)
    first.preload(NAMES[:2], done.append)
    first.preload(NAMES)
    assert (len(calls), done) == (9, [2])
    again = measured(manifest, folder, calls=calls)
    again.preload(NAMES)
    assert len(calls) == 9
    for name in NAMES:
        for view in range(3):
            assert torch.equal(again[name, view], first[name, view])
    other = measured(manifest, folder, seed=1, calls=calls)
    other.preload(NAMES)
    assert len(calls) == 18


def test_damaged_measurements_are_named(manifest: Manifest, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    measured(manifest, folder).preload(NAMES)
    [path, *_] = sorted(folder.rglob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(UserError, match=rf"{path.name}: these measurements can't be read .*delete the file"):
        measured(manifest, folder).preload(NAMES)


def test_views_are_drawn_evenly_and_repeatably() -> None:
    views = Views(Augmentation(), 2)
    drawn = [views.drawn(1, epoch, index) for epoch in range(20) for index in range(30)]
    assert drawn == [views.drawn(1, epoch, index) for epoch in range(20) for index in range(30)]
    assert all(150 < drawn.count(view) < 250 for view in range(3))
