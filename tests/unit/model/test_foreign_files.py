"""Files that are damaged, hostile or something else are refused by name, and do no harm."""

import hashlib
import os
import pickle
import random
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from tests.unit.model.weights_files import TINY, TRAINING, outputs
from torch import Tensor

from fgresq.errors import CheckpointError, HashMismatchError, WeightsError
from fgresq.model.build import build
from fgresq.model.checkpoints import load_checkpoint, save_checkpoint


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.made),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrapping", ["bare", "model"])
def test_a_pickle_bomb_is_refused_and_does_not_go_off(
    miniature: Mapping[str, Tensor], tmp_path: Path, zipped: bool, wrapping: str
) -> None:
    path, made = tmp_path / "FGResQ.pth", tmp_path / "made-by-the-bomb"
    content: dict[str, object] = dict(miniature) | {"head.bias": Bomb(made)}
    torch.save({"model": content} if wrapping == "model" else content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"FGResQ\.pth: refused: it holds posix\.mkdir"):
        load_checkpoint(path)
    assert not made.exists()
    torch.load(path, weights_only=False)
    assert made.exists(), "the bomb was a dud: this test would have passed with an unsafe load"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["bomb.pth", "bomb.safetensors"])
def test_a_raw_pickle_does_not_go_off(tmp_path: Path, protocol: int, name: str) -> None:
    path, made = tmp_path / name, tmp_path / "made-by-the-bomb"
    path.write_bytes(pickle.dumps(Bomb(made), protocol=protocol))
    with pytest.raises(CheckpointError, match=name):
        load_checkpoint(path)
    assert not made.exists()
    pickle.loads(path.read_bytes())  # noqa: S301 - shows that it is live
    assert made.exists()


def not_weights(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield "text", b"these aren't the weights you are looking for\n" * 20
    yield "page", b"<!doctype html><title>Sign in to continue</title>" * 20
    yield "json", b'{"error": "not found"}'
    yield "looks-like-safetensors", b"12345678{ab"
    yield "short", b"PK"
    yield "png", b"\x89PNG\r\n\x1a\n" + bytes(64)
    yield "git-lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 7\n"
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "no tensors here")
    yield "zip", (folder / "a.zip").read_bytes()
    yield "text-then-zip", b"text" * 9 + (folder / "a.zip").read_bytes()
    torch.save({"head.weight": torch.zeros(4, 4)}, folder / "a.pth")
    whole = (folder / "a.pth").read_bytes()
    yield from ((f"zip-cut-at-{part}%", whole[: len(whole) * part // 100]) for part in (1, 25, 50, 75, 99))
    torch.save({"head.weight": torch.zeros(4, 4)}, folder / "b.pth", _use_new_zipfile_serialization=False)
    whole = (folder / "b.pth").read_bytes()
    yield from ((f"legacy-cut-at-{part}%", whole[: len(whole) * part // 100]) for part in (5, 25, 50, 75, 99))


def test_files_that_are_no_weights_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.pth"
    for what, content in not_weights(tmp_path):
        path.write_bytes(content)
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: "), what
        assert "\n" not in message, what
        assert "\x1b" not in message, what


def test_a_torchscript_archive_is_refused(tmp_path: Path) -> None:
    # Written by hand, since making one is deprecated: what PyTorch tells it by is a `constants.pkl`.
    path = tmp_path / "model.pth"
    torch.save({"head.weight": torch.zeros(1)}, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("model/constants.pkl", b"\x80\x02)." + bytes(8))
    with pytest.raises(CheckpointError, match=r"model\.pth: isn't a weights file.*TorchScript"):
        load_checkpoint(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.pth"
    path.touch()
    with pytest.raises(CheckpointError, match=r"FGResQ\.pth: is empty$"):
        load_checkpoint(path)


def test_where_no_file_is(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.pth", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(WeightsError, match=re.escape(str(path))):
            load_checkpoint(path)


@pytest.mark.skipif(not Path("/proc/self/mem").is_file(), reason="needs a file whose bytes can't be read")
def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.pth"
    path.symlink_to("/proc/self/mem")
    with pytest.raises(WeightsError, match=r"FGResQ\.pth: can't be read \(Input/output error\)"):
        load_checkpoint(path)


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_damaged_bytes_raise_nothing_else(miniature: Mapping[str, Tensor], tmp_path: Path, kind: str) -> None:
    """Random bytes changed near the start, where the structure is, and cuts: an error of ours, or a finite model."""
    path = tmp_path / "FGResQ.pth"
    few = {key: miniature[key] for key in ("head.weight", "head.bias", "prompt")}
    if kind == "safetensors":
        save_checkpoint(path, build(TINY), TINY, TRAINING)
    else:
        torch.save(few, path, _use_new_zipfile_serialization=kind == "zip")
    whole, draw = path.read_bytes(), random.Random(5)  # noqa: S311
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(draw.choice([1, 1, 3])):
            damaged[draw.randrange(min(len(whole), 900))] = draw.randrange(256)
        path.write_bytes(damaged[: draw.randrange(len(whole))] if draw.random() < 0.2 else damaged)
        try:
            assert torch.isfinite(outputs(load_checkpoint(path).model)).all()
        except CheckpointError:
            refused += 1
    assert refused > 100


def test_a_hash_that_differs_is_noticed_before_the_content_is_read(tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.pth"
    path.write_bytes(b"not weights at all")
    with pytest.raises(HashMismatchError) as caught:
        load_checkpoint(path, "0" * 64)
    assert hashlib.sha256(b"not weights at all").hexdigest() in str(caught.value)
    assert "0" * 64 in str(caught.value)
