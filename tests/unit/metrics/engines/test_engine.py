"""The engine's side of the pipes as it ships, and the pictures that it's given."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fgresq.errors import EngineError, HashMismatchError, UserError
from fgresq.metrics.base import Score
from fgresq.metrics.engines import weights
from fgresq.metrics.engines.declarations import ENGINES, EngineSpec
from fgresq.metrics.engines.engine import Engine
from fgresq.metrics.engines.handover import Handover, eight_bits
from fgresq.metrics.engines.weights import known_weights, record_weights

NOISY = Path(__file__).with_name("noisy_program.py")
Grey = Callable[[Sequence[int]], list[tuple[Path, Path | None]]]


@pytest.fixture
def noisy(engine_of: Callable[..., EngineSpec]) -> EngineSpec:
    return engine_of(NOISY, {})


def test_a_library_that_prints_disturbs_nothing(noisy: EngineSpec, grey: Grey) -> None:
    with Engine(noisy, device="cpu") as engine:
        assert engine.scores("m", grey([10, 250, 30])) == [
            Score(5.0),
            Score(None, "the engine fake says: ValueError"),
            Score(15.0),
        ]
        assert engine.weights("m") == "on cpu, known None"
        with pytest.raises(EngineError, match="can't load this metric: OSError: the hub didn't answer"):
            engine.weights("broken")
        assert engine.scores("m", grey([20])) == [Score(10.0)]


def test_two_processes_that_load_for_the_first_time_both_write_it_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = weights.only_writer

    @contextmanager
    def second(folder: Path, patience: float) -> Iterator[None]:
        monkeypatch.setattr(weights, "only_writer", alone)
        record_weights(folder, "first", "1")  # between the second's look and its turn
        record_weights(folder, "both", "1")
        with alone(folder, patience):
            yield

    monkeypatch.setattr(weights, "only_writer", second)
    record_weights(tmp_path, "second", "2")
    assert known_weights(tmp_path) == {"first": "1", "both": "1", "second": "2"}
    monkeypatch.setattr(weights, "only_writer", second)
    (tmp_path / "weights.json").unlink()
    with pytest.raises(HashMismatchError, match="the weights of both are 2 now, but were 1"):
        record_weights(tmp_path, "both", "2")


def test_the_version_names_what_decides_the_scores(noisy: EngineSpec) -> None:
    before = Engine(noisy).version
    assert before.startswith("nothing 1, missing absent, program ")
    noisy.program.write_text(noisy.program.read_text() + "\n# another program\n")
    assert Engine(noisy).version != before


def test_weights_must_stay_those_of_the_first_load(noisy: EngineSpec, grey: Grey) -> None:
    with Engine(noisy, device="cpu") as engine:
        engine.weights("m")
    with Engine(noisy, device="other") as engine, pytest.raises(HashMismatchError, match=r"delete .*weights\.json"):
        engine.weights("m")  # the program tells what it was told to know, so they differ
    record = next(Path(engine._folder).glob("weights.json"))
    record.write_text("{")
    with Engine(noisy, device="cpu") as engine, pytest.raises(EngineError, match="damaged; delete it"):
        engine.weights("m")


def test_pictures_that_cannot_be_judged_are_named_without_asking(noisy: EngineSpec, grey: Grey, tmp_path: Path) -> None:
    ((small, _), (large, _), (third, _)) = grey([40, 60, 80])
    Image.fromarray(np.full((9, 8, 3), 60, dtype=np.uint8)).save(large)
    (broken := tmp_path / "broken.png").write_bytes(b"no picture")
    absent = tmp_path / "absent.png"
    items: list[tuple[Path, Path | None]] = [
        (small, third),
        (small, large),
        (broken, None),
        (absent, None),
        (small, broken),
        (third, small),
    ]
    with Engine(noisy, device="cpu") as engine:
        answers = engine.scores("m", items)
    assert [answer.value for answer in answers] == [-20.0, None, None, None, None, 20.0]
    said = [str(answer.error) for answer in answers]
    assert said[1] == "is 8x8 pixels, but its reference 8x9; crop or resize one of them"
    assert "isn't an image" in said[2]
    assert said[3] == "no such file"
    assert said[4].startswith("its reference ")
    assert str(broken) in said[4]
    assert all(not answer.retry for answer in answers)


def test_a_picture_that_is_too_small_is_not_asked_of_the_program(noisy: EngineSpec, grey: Grey, tmp_path: Path) -> None:
    ((small, _), (large, _)) = grey([40, 60])
    Image.fromarray(np.full((9, 12, 3), 60, dtype=np.uint8)).save(large)
    with Engine(noisy, device="cpu") as engine:
        found = engine.scores("m", [(small, None), (large, None)], least_side=9)
    assert found == [Score(None, "of 8x8 pixels is too small; at least 9x9 are needed"), Score(30.0)]


def test_an_engine_that_is_not_installed_or_not_known(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the engine pyiqa isn't installed; `fgresq metrics install pyiqa` does it"):
        Engine("pyiqa")
    with pytest.raises(UserError, match="there is no engine 'pyqia'; did you mean pyiqa"):
        Engine("pyqia")


def test_engines_see_the_pixels_that_fgresq_sees(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (8, 12, 3)).astype(np.uint16)
    paths = {}
    import cv2

    paths["sixteen"] = tmp_path / "sixteen.png"
    cv2.imwrite(str(paths["sixteen"]), pixels[..., ::-1])
    eight = (pixels >> 8).astype(np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6
    paths["turned"] = tmp_path / "turned.png"
    Image.fromarray(eight).save(paths["turned"], exif=turned)
    paths["palette"] = tmp_path / "palette.png"
    Image.fromarray(eight).quantize(8).save(paths["palette"])
    with Handover() as handover:
        laid = {}
        for name, path in paths.items():
            request = handover.lay(path, None)
            assert request["reference"] is None
            laid[name] = np.load(str(request["image"]))
    assert {name: array.dtype.name for name, array in laid.items()} == dict.fromkeys(paths, "uint8")
    np.testing.assert_array_equal(laid["sixteen"], np.rint(pixels / 65535 * 255))
    np.testing.assert_array_equal(laid["turned"], np.rot90(eight, -1))
    np.testing.assert_array_equal(laid["palette"], np.asarray(Image.open(paths["palette"]).convert("RGB")))
    assert not Path(str(request["image"])).parent.exists()


def test_rounding_to_eight_bits() -> None:
    levels = np.array([[[0.0, 0.5 / 255 - 1e-6, 0.5 / 255 + 1e-6]], [[0.999, 1.0, 100.4 / 255]]], dtype=np.float32)
    np.testing.assert_array_equal(eight_bits(levels), [[[0, 0, 1]], [[255, 255, 100]]])


def test_a_reference_that_changed_is_read_again(tmp_path: Path) -> None:
    image, reference = tmp_path / "image.png", tmp_path / "reference.png"
    for path in (image, reference):
        Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(path)
    with Handover() as handover:
        first = np.load(str(handover.lay(image, reference)["reference"]))
        noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(noise).save(reference)
        second = np.load(str(handover.lay(image, reference)["reference"]))
    assert first.max() == 0
    np.testing.assert_array_equal(second, noise)


@pytest.mark.parametrize("spec", ENGINES.values(), ids=lambda spec: spec.name)
def test_what_an_engine_needs_ships(spec: EngineSpec) -> None:
    assert spec.program.is_file()
    lines = [*spec.requirements.read_text().splitlines(), *spec.constraints.read_text().splitlines()]
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(pin.count("==") == 1 and "+" not in pin for pin in pins), "each is pinned, to no machine's own build"
    names = [pin.split("==")[0].lower().replace("_", "-") for pin in pins]
    assert len(names) == len(set(names))
    assert {name.lower() for name in spec.versions_of} <= set(names)
    assert spec.licences
    assert spec.tried


# What packages import and don't ask pip for, with the major version that it must stay below (setuptools' own warning of
# pkg_resources says: below 81). Found by importing the module of every declared metric in its environment, which
# tests/reference/test_pyiqa_engine.py does on request.
IMPORTED_BY = {"openai-clip": {"setuptools": 81}, "pyiqa": {"openai-clip": None, "icecream": None}}
ASKED_FOR_BY = {
    "openai-clip": ("ftfy", "regex", "tqdm", "torch", "torchvision", "pillow", "wcwidth"),
    "icecream": ("asttokens", "colorama", "executing", "pygments"),
}


@pytest.mark.parametrize("spec", ENGINES.values(), ids=lambda spec: spec.name)
def test_what_packages_import_without_asking_for_it_is_pinned(spec: EngineSpec) -> None:
    asked, along = pinned(spec.requirements), pinned(spec.constraints)
    every = {**asked, **along}
    for package, imported in IMPORTED_BY.items():
        for name, below in imported.items() if package in every else ():
            assert name in every, f"{package} imports {name}"
            if below is not None:
                assert name in asked, "nothing else brings it along"
                assert int(every[name].split(".")[0]) < below
    for package, names in ASKED_FOR_BY.items():
        assert package not in every or set(names) <= set(every)


def test_the_engine_of_clip_has_clip() -> None:
    assert {"openai-clip", "setuptools", "icecream"} <= {
        *pinned(ENGINES["pyiqa"].requirements),
        *pinned(ENGINES["pyiqa"].constraints),
    }


def pinned(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name.lower().replace("_", "-"): version for name, version in (line.split("==") for line in lines)}
