import numpy as np
import pytest
import scipy.io
from tests.unit.metrics.pictures import textured, write_template

from fgresq.errors import UserError
from fgresq.metrics.ilniqe import block_features, ilniqe, load
from fgresq.metrics.natural_scenes.enriched.model import read_template_model


def written(path, *arrays, key="templateModel"):
    cell = np.empty((1, len(arrays)), dtype=object)
    for place, array in enumerate(arrays):
        cell[0, place] = array
    scipy.io.savemat(path, {key: cell})
    return path


@pytest.mark.slow
def test_the_authors_form_is_read_from_a_file_or_its_folder(tmp_path):
    mean, covariance, centre, directions = write_template(tmp_path)
    model = read_template_model(tmp_path / "templateModel.mat")
    assert np.array_equal(model.mean, mean)
    assert np.array_equal(model.covariance, covariance)
    assert np.array_equal(model.centre, centre)
    assert np.array_equal(model.directions, directions)
    picture = textured(60, 90)
    distances = model.distances(block_features(picture))
    assert distances.shape == (36,)
    assert load(tmp_path)(picture) == load(tmp_path / "templateModel.mat")(picture) == distances.mean()


def test_flat_blocks_stand_at_the_mean_of_the_others(tmp_path):
    write_template(tmp_path)
    picture = textured(524, 524)
    picture[:168, :100] = 0.4
    features = block_features(picture)
    assert np.flatnonzero(np.isnan(features).any(axis=1)).tolist() == [0, 6]
    assert np.isfinite(ilniqe(picture, read_template_model(tmp_path / "templateModel.mat")))


def test_flat_pictures_are_refused(tmp_path):
    write_template(tmp_path)
    with pytest.raises(UserError, match="every block of the picture is flat"):
        load(tmp_path)(np.full((100, 120, 3), 0.4, dtype=np.float32))


def test_pictures_without_colour_are_judged(tmp_path):
    write_template(tmp_path)
    grey = np.repeat(textured(100, 120)[:, :, :1], 3, axis=2)
    assert np.isfinite(load(tmp_path)(grey))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"centre": np.zeros((467, 1))}, r"\(467, 1\), \(468, 12\), not those of a model of 468 features"),
        ({"directions": np.zeros((468, 11))}, "not those of a model of 468 features"),
        ({"covariance": np.eye(11)}, "not those of a model of 468 features"),
        ({"covariance": -np.eye(12)}, "isn't symmetric and positive"),
        ({"covariance": np.triu(np.ones((12, 12)))}, "isn't symmetric and positive"),
        ({"mean": np.full((1, 12), np.nan)}, "NaN or infinite"),
        ({"mean": np.array(["word"])}, "doesn't hold four arrays"),
        ({"mean": None}, "doesn't hold four arrays"),
    ],
)
def test_wrong_models_are_refused(change, expected, tmp_path):
    names = ("mean", "covariance", "centre", "directions")
    arrays = {**dict(zip(names, write_template(tmp_path), strict=True)), **change}
    arrays = {"mean": np.atleast_2d(arrays.pop("mean")), **arrays} if arrays["mean"] is not None else arrays
    path = written(tmp_path / "other.mat", *(each for each in arrays.values() if each is not None))
    with pytest.raises(UserError, match=expected) as caught:
        read_template_model(path)
    assert str(path) in str(caught.value)


def test_a_model_of_another_metric_is_refused(tmp_path):
    path = tmp_path / "modelparameters.mat"
    scipy.io.savemat(path, {"mu_prisparam": np.zeros(36), "cov_prisparam": np.eye(36)})
    with pytest.raises(UserError, match=r"modelparameters.mat: holds no templateModel; found: .*cov_prisparam"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"not a model", b"MATLAB 5.0 MAT-file" + b" " * 200])
def test_files_that_are_no_models_are_refused(content, tmp_path):
    path = tmp_path / "templateModel.mat"
    path.write_bytes(content)
    with pytest.raises(UserError, match="isn't an IL-NIQE model"):
        load(path)
