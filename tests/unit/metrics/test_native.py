import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tests.unit.metrics.pictures import textured, write_regression, write_template

from fgresq.errors import UserError
from fgresq.metrics import niqe
from fgresq.metrics.base import MetricCard, check_picture
from fgresq.metrics.native import NATIVE, metric, missing
from fgresq.metrics.natural_scenes.pristine import write_pristine_model

ALONE = [name for name, spec in NATIVE.items() if not spec.full_reference]
FULL = [name for name, spec in NATIVE.items() if spec.full_reference]


@pytest.fixture
def parameters(tmp_path):
    """Stand-ins for the authors' files, in one folder."""
    write_regression(tmp_path)
    write_pristine_model(tmp_path / "niqe_pris_params.npz", niqe.own_model())
    write_template(tmp_path)
    return tmp_path


def ready(name, folder):
    return metric(name, folder if NATIVE[name].parameter_files else None)


def test_what_there_is():
    assert set(FULL) == {"psnr", "psnr-luma", "psnr-y", "ssim", "ssim-y", "ms-ssim", "gmsd", "vif", "lite-dists"}
    assert set(ALONE) == {"sharpness", "piqe", "niqe", "niqe-fgresq-bsds500", "ilniqe", "brisque"}


@pytest.mark.parametrize("name", NATIVE)
def test_declarations_are_whole(name):
    spec = NATIVE[name]
    assert spec.name == name
    assert spec.citation[-4:].isdigit()
    assert bool(spec.parameter_files) == bool(spec.parameters_from)
    if spec.parameter_files:
        assert spec.licence_of_parameters
    if spec.lowest is not None and spec.highest is not None:
        assert spec.lowest < spec.highest


def test_declarations_are_checked_and_fixed():
    spec = NATIVE["piqe"]
    with pytest.raises(ValidationError):
        spec.name = "other"
    for change in ({"name": ""}, {"least_side": 0}, {"engine": ""}, {"unknown": 1}, {"title": ""}):
        with pytest.raises(ValidationError):
            MetricCard(**{**spec.model_dump(), **change})


def test_orientation_is_a_sign():
    assert NATIVE["piqe"].oriented(-2.0) == 2.0
    assert NATIVE["psnr"].oriented(-2.0) == -2.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_a_batch_gives_what_single_calls_give(name, parameters):
    judge = ready(name, parameters)
    pictures = [textured(96, 192), textured(120, 100, 1), textured(97, 97, 2)]
    scores = judge.batch(pictures)
    assert scores.tolist() == [judge(picture) for picture in pictures]
    assert len(set(scores.tolist())) == 3
    assert judge(pictures[0], pictures[1]) == scores[0]  # the reference is left aside
    assert judge.batch([]).shape == (0,)


@pytest.mark.parametrize("name", FULL)
def test_a_full_reference_batch(name):
    judge, least = metric(name), max(NATIVE[name].least_side, 20)
    sizes = [(least, least + 10), (least + 5, least)]
    pictures, references = ([textured(*size, seed) for size in sizes] for seed in (0, 5))
    expected = [judge(picture, reference) for picture, reference in zip(pictures, references, strict=True)]
    assert judge.batch(pictures, references).tolist() == expected
    with pytest.raises(UserError, match="none was given"):
        judge(pictures[0])
    with pytest.raises(UserError, match="none were given"):
        judge.batch(pictures)
    with pytest.raises(UserError, match="2 pictures and 1 references"):
        judge.batch(pictures, references[:1])
    with pytest.raises(UserError, match=f"{least + 10}x{least} and {least}x{least + 5}"):
        judge(pictures[0], references[1])


@pytest.mark.parametrize(
    ("name", "change"),
    [(n, c) for n, spec in NATIVE.items() for c in ("nan", "scale", "small") if c != "small" or spec.least_side > 1],
)
def test_bad_pictures_are_refused(name, change, parameters):
    judge, picture = ready(name, parameters), textured(180, 190)
    least = NATIVE[name].least_side
    if change == "small":
        picture = picture[: least - 1]
        expected = f"190x{least - 1} pixels is too small; at least {least}x{least}"
    elif change == "nan":
        picture[50, 50, 1] = np.nan
        expected = "holds NaN or infinite values"
    else:
        picture, expected = picture * 255, r"must lie in \[0, 1\]"
    with pytest.raises(UserError, match=expected):
        judge(picture, picture)


@pytest.mark.parametrize("name", NATIVE)
def test_grey_is_judged_as_three_equal_colours(name, parameters):
    judge, picture, reference = ready(name, parameters), textured(180, 190)[..., 0], textured(180, 190, 1)[..., 0]
    in_colour = [np.repeat(plane[..., np.newaxis], 3, axis=-1) for plane in (picture, reference)]
    assert judge(picture, reference) == pytest.approx(judge(*in_colour), rel=1e-9)
    if NATIVE[name].full_reference and name != "ssim":  # which looks at the luma, whatever it is of
        with pytest.raises(UserError, match="one is grey and the other in colour"):
            judge(picture, in_colour[1])


COLOUR = textured(100, 110)
NEEDED = r"; a NumPy array \(height, width, 3\) or \(height, width\) of floating point in \[0, 1\] is needed"
NO_PICTURES = {
    "8 bits, only 0 and 1": ((COLOUR > 0.5).astype(np.uint8), f"uint8 values{NEEDED}; divide it by 255$"),
    "8 bits": ((COLOUR * 255).astype(np.uint8), f"uint8 values{NEEDED}; divide it by 255$"),
    "16 bits": ((COLOUR > 0.5).astype(np.uint16), f"uint16 values{NEEDED}; divide it by 65535$"),
    "integers": ((COLOUR > 0.5).astype(np.int64), f"int64 values{NEEDED}$"),
    "yes or no": (COLOUR > 0.5, f"bool values{NEEDED}$"),
    "complex": (COLOUR.astype(complex), "complex128 values"),
    "objects": (COLOUR.astype(object), "object values"),
    "channels first": (COLOUR.transpose(2, 0, 1), rf"shape \(3, 100, 110\){NEEDED}; transpose it"),
    "alpha": (np.concatenate([COLOUR, COLOUR[..., :1]], axis=-1), r"shape \(100, 110, 4\)"),
    "a batch": (COLOUR[np.newaxis], r"shape \(1, 100, 110, 3\)"),
    "a line": (COLOUR[0, :, 0], r"shape \(110,\)"),
    "a number": (np.float32(0.5), f"an object of type float32 isn't a picture{NEEDED}$"),
    "a list": (COLOUR.tolist(), "an object of type list isn't a picture"),
    "a path": ("a.png", "an object of type str isn't a picture"),
    "a tensor": (torch.from_numpy(COLOUR), "an object of type Tensor isn't a picture"),
    "nothing": (None, "an object of type NoneType isn't a picture"),
    "masked NaN": (np.ma.masked_invalid(np.where(COLOUR > 0.5, np.nan, COLOUR)), "holds NaN or infinite values"),
    "infinite": (np.where(COLOUR > 0.5, np.inf, COLOUR), "holds NaN or infinite values"),
    "levels": (COLOUR * 255, r"must lie in \[0, 1\]; divide it by 255$"),
    "from -1 to 1": (COLOUR * 2 - 1, r"must lie in \[0, 1\]; scale or clamp it$"),
    "a little too bright": (COLOUR + 0.5, r"must lie in \[0, 1\]; scale or clamp it$"),
    "no pixels": (COLOUR[:0], "110x0 pixels is too small"),
}


@pytest.mark.parametrize("kind", NO_PICTURES)
def test_what_is_no_picture(kind):
    image, reason = NO_PICTURES[kind]
    with pytest.raises(UserError, match=reason):
        check_picture(image, 1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "longdouble"])
@pytest.mark.parametrize("overshoot", [0.0, 0.0009])
def test_what_is_a_picture(dtype, overshoot):
    picture = np.array([[0, 0.5], [0.25, 1]], dtype)
    picture[picture == 1] += overshoot
    picture[picture == 0] -= overshoot
    check_picture(picture, 2)


@pytest.mark.slow
def test_every_metric_looks_at_the_type_of_both_pictures(parameters):
    # In a process of its own: here the types of every call are checked before our own message can be.
    code = """
import json, sys
import numpy as np
from fgresq.errors import UserError
from fgresq.metrics.native import NATIVE, metric
good = np.random.default_rng(0).random((180, 190, 3))
said = {}
for name, spec in NATIVE.items():
    judge = metric(name, sys.argv[1] if spec.parameter_files else None)
    for number, wrong in enumerate([(good > 0.5).astype(np.uint8), good > 0.5, good[np.newaxis], good.tolist()]):
        for pair in ((wrong, good), (good, wrong))[:1 + spec.full_reference]:
            try:
                judge(*pair)
            except UserError as error:
                said[name] = [*said.get(name, []), number]
print(json.dumps(said))
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(parameters)], check=True, capture_output=True, text=True, timeout=600
    )
    assert json.loads(run.stdout) == {
        name: [number for number in range(4) for _ in range(1 + NATIVE[name].full_reference)] for name in NATIVE
    }


@pytest.mark.parametrize("name", NATIVE)
def test_the_least_size_is_enough(name, parameters):
    least = max(NATIVE[name].least_side, 2)
    judge, picture, reference = ready(name, parameters), textured(least, least), textured(least, least, 1)
    assert math.isfinite(judge(picture, reference))


@pytest.mark.parametrize("name", ALONE)
def test_no_metric_changes_the_picture(name, parameters):
    picture = textured(96, 96)
    before = picture.copy()
    ready(name, parameters)(picture)
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("name", ALONE)
def test_views_are_judged_as_copies(name, parameters):
    picture = textured(100, 220)[:, ::2]
    assert ready(name, parameters)(picture) == ready(name, parameters)(picture.copy())


def test_unknown_names_list_the_nearest():
    with pytest.raises(UserError, match=r"no native metric 'briskue'; did you mean brisque\?"):
        metric("briskue")
    with pytest.raises(UserError, match=r"did you mean .*niqe"):
        missing("nique")


def test_parameters_that_nobody_reads_are_refused(tmp_path):
    with pytest.raises(UserError, match="psnr reads no parameters"):
        metric("psnr", tmp_path)


@pytest.mark.parametrize("name", ["niqe", "ilniqe", "brisque"])
def test_missing_parameters_are_said_with_their_source(name, tmp_path, monkeypatch):
    monkeypatch.setenv("FGRESQ_HOME", str(tmp_path / "home"))
    expected = rf"home.metrics: doesn't exist; {NATIVE[name].title} needs the authors' parameters.*https?://"
    with pytest.raises(UserError, match=expected):
        metric(name)
    assert missing(name).startswith(str(tmp_path / "home" / "metrics"))
    with pytest.raises(UserError, match="holds none of"):
        metric(name, tmp_path)


@pytest.mark.parametrize("name", ["niqe", "ilniqe", "brisque"])
def test_parameters_are_found_in_the_home(name, parameters, monkeypatch, tmp_path):
    monkeypatch.setenv("FGRESQ_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    folder = tmp_path / "home" / "metrics"
    folder.symlink_to(parameters)
    assert missing(name) is None
    assert metric(name)(textured(96, 96)) == metric(name, parameters)(textured(96, 96))


def test_what_works_at_once():
    assert [name for name in NATIVE if missing(name) is None] == [
        n for n in NATIVE if n not in ("niqe", "ilniqe", "brisque")
    ]


def test_the_home_follows_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("FGRESQ_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert str(tmp_path / "fgresq" / "metrics") in missing("niqe")


def test_metrics_do_not_import_torch():
    code = "import sys, fgresq.metrics.native; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
