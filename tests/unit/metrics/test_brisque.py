import math

import numpy as np
import pytest
from tests.unit.metrics.pictures import textured, write_regression

from fgresq.errors import UserError
from fgresq.metrics.brisque import FEATURES, brisque, brisque_features, load, read_model
from fgresq.metrics.natural_scenes.svr import read_regression


def test_the_regression_is_what_libsvm_would_answer(tmp_path):
    coefficients, support = write_regression(tmp_path)
    image, total = textured(40, 60), 12.5
    for coefficient, vector in zip(coefficients, support, strict=True):
        distance = 0.0
        for k, (feature, value) in enumerate(zip(brisque_features(image), vector, strict=True), 1):
            low, high = -0.5 - k / 100, 3 + k / 100
            # As text between the release's programs: "%f", then "%g".
            scaled = float(f"{-1 + 2 * (float(f'{feature:f}') - low) / (high - low):g}")
            distance += (scaled - value) ** 2
        total += coefficient * math.exp(-0.05 * distance)
    assert brisque(image, read_model(tmp_path)) == pytest.approx(total, rel=1e-12)


def test_the_regression_agrees_with_scikit_learns_formula_on_one_vector(tmp_path):
    (tmp_path / "m").write_text("svm_type epsilon_svr\nkernel_type rbf\ngamma 0.5\ntotal_sv 1\nrho 3\nSV\n2 2:1 \n")
    (tmp_path / "r").write_text("x\n0 1\n1 0 10\n2 0 10\n")
    regression = read_regression(tmp_path / "m", tmp_path / "r", 2)
    scaled = regression.scaled(np.array([5.0, 20.0]))
    assert scaled.tolist() == [0.5, 2.0]  # beyond the range stays beyond it, as in svm-scale
    assert regression.predict(scaled) == pytest.approx(2 * math.exp(-0.5 * (0.25 + 1)) - 3)


def test_the_model_itself_or_its_folder(tmp_path):
    write_regression(tmp_path)
    image = textured(40, 60)
    assert load(tmp_path)(image) == load(tmp_path / "allmodel")(image)
    for name in ("allmodel", "allrange"):
        (tmp_path / name).rename(tmp_path / f"brisque_{name}")
    assert load(tmp_path)(image) == load(tmp_path / "brisque_allmodel")(image)


@pytest.mark.parametrize("level", [0.0, 0.35, 1.0])
def test_flat_pictures_are_refused(level, tmp_path):
    write_regression(tmp_path)
    with pytest.raises(UserError, match="one flat grey"):
        brisque(np.full((40, 50, 3), level, dtype=np.float32), read_model(tmp_path))


def test_one_grey_level_of_two_colours_is_flat_too(tmp_path):
    image = np.zeros((40, 50, 3), dtype=np.float32)
    image[:, ::2, 0], image[:, 1::2, 2] = 10 / 255, 26 / 255  # 2.99 and 2.96: level 3 both
    with pytest.raises(UserError, match="one flat grey"):
        brisque_features(image)


@pytest.mark.parametrize("missing", ["allmodel", "allrange"])
def test_a_missing_file_is_named(missing, tmp_path):
    write_regression(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(UserError, match=f"holds no {missing}"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("svm_type epsilon_svr", "svm_type c_svc", "svm_type is c_svc; epsilon_svr is needed"),
        ("kernel_type rbf", "kernel_type linear", "kernel_type is linear"),
        ("kernel_type rbf\n", "", "kernel_type is None"),
        ("SV\n", "", "no line 'SV'"),
        ("total_sv 5", "total_sv 6", "has 5 support vectors, its header says 6"),
        ("gamma 0.05", "gamma", "'gamma'"),
        ("rho -12.5", "rho x", "could not convert"),
        (" 36:", " 37:", "feature 37"),
        (" 36:", " 0:", "feature 0"),
        (" 36:", " nan:", "invalid literal"),
        (" 36:", " 36 ", "not enough values"),
        (" 2:", " 2:nan 3:", "NaN or infinite"),
    ],
)
def test_wrong_models_are_refused(old, new, expected, tmp_path):
    write_regression(tmp_path)
    path = tmp_path / "allmodel"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UserError, match=expected) as caught:
        load(tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("x\n", "y\n", "first line isn't 'x'"),
        ("-1 1\n", "-1\n", "not enough values"),
        ("36 -0.86 3.36\n", "", r"shape \(35, 3\)"),
        ("36 -0.86 3.36", "37 -0.86 3.36", "features 1 to 36"),
        ("36 -0.86 3.36", "36 3.36 3.36", "range is empty"),
        ("36 -0.86 3.36", "36 nan 3.36", "range is empty, or not a number"),
        ("36 -0.86 3.36", "36 low 3.36", "could not convert"),
        ("36 -0.86 3.36", "36 -0.86", "inhomogeneous"),
        ("-1 1\n", "1 -1\n", "range is empty"),
    ],
)
def test_wrong_ranges_are_refused(old, new, expected, tmp_path):
    write_regression(tmp_path)
    path = tmp_path / "allrange"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UserError, match=expected) as caught:
        load(tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"x\n"])
def test_files_of_another_kind_are_refused(content, tmp_path):
    write_regression(tmp_path)
    for name in ("allrange", "allmodel"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name}: isn't a"):
            load(tmp_path)


def test_there_are_36_features_and_they_stay_with_float64():
    image = np.rint(textured(64, 80) * 255) / 255
    features = brisque_features(image.astype(np.float32))
    assert features.shape == (FEATURES,)
    assert np.array_equal(features, brisque_features(image.astype(np.float64)))
