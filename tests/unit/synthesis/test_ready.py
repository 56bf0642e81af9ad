"""Ready results: found in folders, labelled with the images that are made, and what is said when they don't fit."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fgresq.errors import LayoutError, OutputError, UserError
from fgresq.manifest import Manifest, read_manifest
from fgresq.records import RestorationTask
from fgresq.synthesis import contents, pipeline
from fgresq.synthesis.fidelity import Judge
from fgresq.synthesis.labels import levels, pseudo_mos
from fgresq.synthesis.pictures import from_bytes
from fgresq.synthesis.pipeline import synthesise
from fgresq.synthesis.ready import find_ready

BLUR = RestorationTask.DEBLURRING
Filter = Callable[[np.ndarray], np.ndarray]
ALGORITHMS: Mapping[str, Filter] = {
    "blurred": lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 1.5),
    "little": lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 0.8),
    "same": lambda pixels: pixels,
}


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def save(folder: Path, name: str, picture: np.ndarray) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / name)
    return folder / name


@pytest.fixture
def small(photographs: Mapping[str, Path], tmp_path: Path) -> list[Path]:
    """Two photographs of 120x100 pixels."""
    folder = tmp_path / "photographs"
    return [save(folder, f"{name}.png", pixels(photographs[name])[60:160, 150:270]) for name in ("chelsea", "coffee")]


def results(folder: Path, sources: list[Path]) -> Path:
    for algorithm, apply in ALGORITHMS.items():
        for path in sources:
            save(folder / algorithm, path.name, apply(pixels(path)))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_results_alone_are_a_data_set(small: list[Path], tmp_path: Path) -> None:
    folder = results(tmp_path / "results", small)
    out = tmp_path / "set"
    made = synthesise(small, out, per_content=0, restored=folder, restored_task=BLUR)
    assert read_manifest(out).images == made.images
    assert Counter(image.algorithm for image in made.images) == {"pristine": 2, **dict.fromkeys(ALGORITHMS, 2)}
    assert {image.task for image in made.images} == {BLUR}
    for image in made.images:
        if image.algorithm == "pristine":
            assert image.mos == pytest.approx(1, abs=1e-4)
        else:
            source = folder / image.algorithm / f"{image.content}.png"
            assert np.array_equal(pixels(made.path_of(image)), pixels(source))
            assert np.array_equal(pixels(out / str(image.reference)), pixels(out.parent / f"photographs/{source.name}"))
    mos = {(image.content, image.algorithm): image.mos for image in made.images}
    for path in small:
        assert (
            mos[path.stem, "blurred"] < mos[path.stem, "little"] < mos[path.stem, "same"] == pytest.approx(1, abs=1e-4)
        )
    assert made.about["restored"] == {"Deblurring": dict.fromkeys(ALGORITHMS, 2)}
    assert "Those named in `restored`" in made.about["procedure"]
    assert made.about["left_out"] == {}


@pytest.mark.slow
def test_they_are_labelled_with_the_images_that_are_made(small: list[Path], tmp_path: Path) -> None:
    plain = synthesise(small[:1], tmp_path / "plain", per_content=20, seed=4)
    folder = results(tmp_path / "results", small[:1])
    made = synthesise(small[:1], tmp_path / "set", per_content=20, seed=4, restored=folder, restored_task=BLUR)
    assert len(made.images) == len(plain.images) + 3
    [first] = [index for index, image in enumerate(made.images) if image.algorithm == "blurred"]
    for ours, theirs in zip(plain.images[:first], made.images[:first], strict=True):
        assert ours.algorithm == theirs.algorithm
        assert np.array_equal(pixels(plain.path_of(ours)), pixels(made.path_of(theirs)))
    joined = made.images[first : first + 3]
    assert [image.algorithm for image in joined] == list(ALGORITHMS)
    judge = Judge(from_bytes(pixels(made.root / str(joined[0].reference))))
    for image in joined:
        measured = judge(from_bytes(pixels(made.path_of(image))))
        assert pseudo_mos(levels(measured[np.newaxis]))[0] == pytest.approx(image.mos)
    ready = {image.image_id for image in joined}
    assert any(len(ready & {pair.image_a, pair.image_b}) == 1 for pair in made.pairs)  # one of theirs, one of ours


def test_tasks_as_folders_and_a_common_crop(small: list[Path], tmp_path: Path) -> None:
    for task in ("Deraining", "Denoising"):
        results(tmp_path / "results" / task, small)
    made = synthesise(small, tmp_path / "set", per_content=0, restored=tmp_path / "results", crop=64, seed=2)
    assert Counter(image.task for image in made.images) == {
        RestorationTask.DENOISING: 8,
        RestorationTask.DERAINING: 6,  # the photographs stand among the images of one task
    }
    for image in made.images:
        assert pixels(made.path_of(image)).shape == (64, 64, 3)
        if image.algorithm == "same":  # cut at the photograph's place
            assert np.array_equal(pixels(made.path_of(image)), pixels(made.root / str(image.reference)))


def test_deep_and_compressed_results(small: list[Path], tmp_path: Path) -> None:
    deep = pixels(small[0]).astype(np.uint16) * 257
    (tmp_path / "results" / "deep").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "results" / "deep" / "chelsea.tiff"), deep[..., ::-1])
    save(tmp_path / "results" / "webp", "chelsea.webp", pixels(small[0]))
    made = synthesise(small[:1], tmp_path / "set", per_content=0, restored=tmp_path / "results", restored_task=BLUR)
    assert [image.algorithm for image in made.images] == ["pristine", "deep", "webp"]
    assert np.array_equal(pixels(made.path_of(made.images[1])), pixels(small[0]))


def test_a_result_that_does_not_fit_is_left_out(small: list[Path], tmp_path: Path) -> None:
    folder = results(tmp_path / "results", small)
    save(folder / "little", "coffee.png", pixels(small[1])[:-1])
    (folder / "blurred" / "chelsea.png").write_bytes(b"no picture")
    made = synthesise(small, tmp_path / "set", per_content=0, restored=folder, restored_task=BLUR)
    left_out: Mapping[str, str] = made.about["left_out"]
    assert set(left_out) == {str(folder / "little" / "coffee.png"), str(folder / "blurred" / "chelsea.png")}
    assert "is 120x99 pixels, its photograph 120x100" in left_out[str(folder / "little" / "coffee.png")]
    assert len(made.images) == 2 * 4 - 2
    assert made.about["failed"] == {}


def test_a_photograph_none_of_whose_results_can_be_used(small: list[Path], tmp_path: Path) -> None:
    save(tmp_path / "results" / "a", "coffee.png", pixels(small[1]))
    made = synthesise(small, tmp_path / "set", per_content=0, restored=tmp_path / "results", restored_task=BLUR)
    assert made.about["failed"] == {str(small[0]): "no ready result of it can be used"}
    assert not (made.root / "references" / "chelsea.png").exists()
    save(tmp_path / "results" / "a", "coffee.png", pixels(small[1])[:50])
    with pytest.raises(UserError, match="none of the 2 photographs"):
        synthesise(small, tmp_path / "none", per_content=0, restored=tmp_path / "results", restored_task=BLUR)


def test_a_broken_off_run_remembers_what_it_left_out(
    small: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = results(tmp_path / "results", small)
    save(folder / "little", "chelsea.png", pixels(small[0])[:-1])
    options = {"per_content": 3, "restored": folder, "restored_task": BLUR}
    whole: Manifest = synthesise(small, tmp_path / "whole", **options)

    def breaks(assignment: contents.Assignment) -> contents.Made:
        if assignment.content == "coffee":
            raise KeyboardInterrupt
        return contents.make_content(assignment)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "make_content", breaks)
        with pytest.raises(KeyboardInterrupt):
            synthesise(small, tmp_path / "set", **options)
    with pytest.raises(OutputError, match="other settings"):
        synthesise(small, tmp_path / "set", per_content=3)
    again = synthesise(small, tmp_path / "set", **options)
    assert again.about["left_out"] == whole.about["left_out"] != {}
    assert files(tmp_path / "set") == files(tmp_path / "whole")


def test_folders_that_are_laid_out_otherwise(tmp_path: Path) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    names = {"a", "b"}

    def refused(folder: str, task: RestorationTask | None = BLUR) -> str:
        with pytest.raises(LayoutError) as error:
            find_ready(tmp_path / folder, names, task)
        return str(error.value)

    assert "no such folder" in refused("absent")
    (tmp_path / "empty").mkdir()
    assert "holds no images" in refused("empty")
    save(tmp_path / "loose", "a.png", picture)
    assert "isn't where results lie" in refused("loose")
    save(tmp_path / "deep" / "x" / "y", "a.png", picture)
    assert "isn't where results lie" in refused("deep")
    save(tmp_path / "strange" / "x", "c.png", picture)
    assert "no photograph is called c; there are a, b" in refused("strange")
    save(tmp_path / "twice" / "x", "a.png", picture)
    save(tmp_path / "twice" / "x", "a.jpg", picture)
    assert "two files for one photograph" in refused("twice")
    save(tmp_path / "untold" / "x", "a.png", picture)
    assert "--restored-task" in refused("untold", None)
    assert [ready.algorithm for ready in find_ready(tmp_path / "untold", names, BLUR)["a"]] == ["x"]
    save(tmp_path / "told" / "Dehazing" / "x", "a.png", picture)
    [ready] = find_ready(tmp_path / "told", names, BLUR)["a"]
    assert ready.task == RestorationTask.DEHAZING


def test_no_images_at_all_need_ready_results(small: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="0 makes none, beside results that are ready"):
        synthesise(small, tmp_path / "set", per_content=0)
    folder = results(tmp_path / "results", small)
    with pytest.raises(UserError, match="too few"):
        synthesise(small, tmp_path / "set", per_content=2, restored=folder, restored_task=BLUR)
    assert not (tmp_path / "set").exists()
