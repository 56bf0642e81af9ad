import numpy as np
import pytest
import scipy.io
from tests.unit.metrics.pictures import textured

from fgresq.errors import OutputError, UserError
from fgresq.metrics.natural_scenes.pristine import PristineModel, read_pristine_model, write_pristine_model
from fgresq.metrics.niqe import fit_pristine, load, niqe, own_model


def test_our_own_model_says_what_it_is():
    model = own_model()
    assert model.name == "niqe-fgresq-bsds500"
    assert "BSDS500" in model.provenance
    assert "96x96" in model.provenance
    assert "0.75" in model.provenance
    assert len(model.pictures) == 500
    assert {name.split("/")[0] for name in model.pictures} == {"train", "val", "test"}


def test_degradation_raises_the_score(photographs):
    from fgresq.images.decode import decode

    for path in photographs.values():
        image = decode(path).astype(np.float32) / np.float32(255)
        noisy = np.clip(image + np.random.default_rng(0).normal(0, 0.1, image.shape), 0, 1).astype(np.float32)
        assert niqe(noisy, own_model()) > niqe(image, own_model())


def test_only_whole_blocks_count():
    image = textured(140, 200)
    changed = image.copy()
    changed[96:], changed[:, 192:] = 0, 1
    assert niqe(changed, own_model()) == niqe(image, own_model())


def test_one_block_is_enough_and_has_no_spread():
    score = niqe(textured(96, 96), own_model())
    assert np.isfinite(score)
    assert score > 0


def test_flat_blocks_are_left_out():
    image, flat = textured(96, 192), np.full((96, 96, 3), 0.4, dtype=np.float32)
    # The first flat block isn't quite, since windows reach into it from the grain; the second is, and changes nothing.
    one, two = (np.concatenate([image, *[flat] * count], axis=1) for count in (1, 2))
    assert niqe(two, own_model()) == niqe(one, own_model()) != niqe(image, own_model())
    with pytest.raises(UserError, match="every block of the picture is flat"):
        niqe(np.concatenate([flat, flat]), own_model())


def test_a_model_survives_its_file(tmp_path):
    model = own_model()
    for name in ("one.npz", "two.npz"):
        write_pristine_model(tmp_path / name, model)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    back = read_pristine_model(tmp_path / "one.npz")
    assert np.array_equal(back.mean, model.mean)
    assert np.array_equal(back.covariance, model.covariance)
    assert (back.name, back.provenance, back.pictures) == ("one", model.provenance, model.pictures)
    with pytest.raises(OutputError, match="no folder"):
        write_pristine_model(tmp_path / "nowhere" / "model.npz", model)


def test_the_authors_two_forms_are_read(tmp_path):
    model = own_model()
    mat, npz = tmp_path / "modelparameters.mat", tmp_path / "pris.npz"
    scipy.io.savemat(mat, {"mu_prisparam": model.mean[np.newaxis], "cov_prisparam": model.covariance})
    np.savez(
        npz, mu_pris_param=model.mean[np.newaxis], cov_pris_param=model.covariance, gaussian_window=np.ones((7, 7))
    )
    image, expected = textured(96, 192), niqe(textured(96, 192), model)
    assert load(mat)(image) == load(npz)(image) == load(tmp_path)(image) == expected


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"mean": np.zeros(36)}, r"holds no cov_prisparam or .*found: mean"),
        ({"covariance": np.eye(36)}, "holds no mu_prisparam"),
        ({"mean": np.zeros(35), "covariance": np.eye(35)}, r"mean of 35 values and a covariance of shape \(35, 35\)"),
        ({"mean": np.zeros(36), "covariance": np.eye(18)}, "NIQE has 36 features"),
        ({"mean": np.full(36, np.nan), "covariance": np.eye(36)}, "NaN"),
        ({"mean": np.zeros(36), "covariance": np.triu(np.ones((36, 36)))}, "isn't symmetric"),
        ({"mean": np.array(["a"] * 36), "covariance": np.eye(36)}, "holds no mu_prisparam"),
        ({"mean": np.array([{}], dtype=object), "covariance": np.eye(36)}, "isn't a NIQE model"),
    ],
)
def test_wrong_models_are_refused(arrays, expected, tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, **arrays)
    with pytest.raises(UserError, match=expected) as caught:
        read_pristine_model(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("ending", ["npz", "mat"])
@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 cut off", b"MATLAB 5.0 MAT-file" + b" " * 200])
def test_files_that_are_no_models_are_refused(ending, content, tmp_path):
    path = tmp_path / f"model.{ending}"
    path.write_bytes(content)
    with pytest.raises(UserError, match="isn't a NIQE model"):
        read_pristine_model(path)


def test_a_cut_off_model_is_refused(tmp_path):
    for path in (tmp_path / "model.npz", tmp_path / "model.mat"):
        if path.suffix == ".npz":
            write_pristine_model(path, own_model())
        else:
            scipy.io.savemat(path, {"mu_prisparam": np.zeros(36), "cov_prisparam": np.eye(36)}, do_compression=True)
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(UserError, match="isn't a NIQE model"):
            read_pristine_model(path)


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(UserError, match="can't be read"):
        read_pristine_model(tmp_path / "nothing.npz")


def test_a_fit_needs_enough_blocks():
    with pytest.raises(UserError, match="4 sharp blocks in 1 pictures are too few"):
        fit_pristine([("one", textured(192, 192))], "mine", "nowhere", 0.0)
    with pytest.raises(UserError, match="0 sharp blocks in 0 pictures"):
        fit_pristine([], "mine", "nowhere")
    with pytest.raises(UserError, match="too small"):
        fit_pristine([("small", textured(40, 192))], "mine", "nowhere")


def test_the_model_of_pictures_is_near_them():
    pictures = [(f"number-{k}", textured(192, 288, k)) for k in range(10)]
    model = fit_pristine(pictures, "grain", "made here", 0.0)
    assert "10 pictures, 60 blocks" in model.provenance
    other = textured(192, 288, 99)
    assert niqe(other, model) < 0.2 * niqe(other, own_model())


def test_the_distance_uses_both_covariances():
    # Twice the spread about the same mean, in the model alone: the pooled covariance is between the two.
    image = textured(192, 288)
    model = own_model()
    wide = PristineModel(model.mean, 4 * model.covariance, "wide")
    assert niqe(image, model) / 2 < niqe(image, wide) < niqe(image, model)
