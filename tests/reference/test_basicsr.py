"""PSNR and SSIM as super-resolution papers give them, against values of BasicSR 1.4.2 and of MATLAB's documentation.

The values were computed by BasicSR's own `calculate_psnr` and `calculate_ssim` on photographs that ship in
scikit-image, cut to sides that 4 divides, reduced to a quarter and enlarged again by Pillow's bicubic filter. The
second part of a key is `crop_border`; `psnr` and `ssim` are with `test_y_channel`.
"""

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

import fgresq
from fgresq.metrics.luma import luma, studio_luma
from fgresq.metrics.ssim import ssim_of_pairs

RECORDED = {
    "astronaut": {("psnr", 0): 26.88048608851643, ("psnr", 4): 26.83815060056865, ("rgb", 4): 25.336592642341845}
    | {("ssim", 0): 0.8451691936614257, ("ssim", 4): 0.8427130423348284},
    "coffee": {("psnr", 0): 27.28795520052114, ("psnr", 4): 27.290830329695794, ("rgb", 4): 25.79731143746487}
    | {("ssim", 0): 0.7631076711857803, ("ssim", 4): 0.7647937040595723},
    "chelsea": {("psnr", 0): 31.591450282871747, ("psnr", 4): 31.471777441179967, ("rgb", 4): 30.045829059698445}
    | {("ssim", 0): 0.8107824424713167, ("ssim", 4): 0.8061716943077143},
}


def pictures(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A restored picture and its reference."""
    whole = getattr(skimage.data, name)()
    reference = whole[: whole.shape[0] // 4 * 4, : whole.shape[1] // 4 * 4]
    size = (reference.shape[1], reference.shape[0])
    low = Image.fromarray(reference).resize((size[0] // 4, size[1] // 4), Image.Resampling.BICUBIC)
    return np.asarray(low.resize(size, Image.Resampling.BICUBIC)) / 255, reference / 255


def inner(picture: NDArray[np.float64], border: int) -> NDArray[np.float64]:
    return picture[border : picture.shape[0] - border, border : picture.shape[1] - border]


@pytest.mark.parametrize("name", RECORDED)
def test_values_of_basicsr(name: str) -> None:
    restored, reference = pictures(name)
    for (kind, border), value in RECORDED[name].items():
        cut = inner(restored, border), inner(reference, border)
        if kind == "rgb":
            assert fgresq.metric("psnr")(*cut) == pytest.approx(value, abs=1e-6)
        elif kind == "psnr":
            assert fgresq.metric("psnr-luma")(*cut) == pytest.approx(value, abs=1e-4)
            assert fgresq.metric("psnr-y")(*cut) == pytest.approx(value, abs=0.02), "BasicSR doesn't round"
        else:
            unrounded = [(16 + 219 * luma(each)) / 255 for each in cut]
            assert ssim_of_pairs(unrounded, np.array([[0, 1]]))[0] == pytest.approx(value, abs=1e-5)
            assert fgresq.metric("ssim-y")(*cut) == pytest.approx(value, abs=0.002), "BasicSR doesn't round"


def test_y_is_that_of_matlab() -> None:
    # The corners of the colour cube in bytes, as MATLAB's rgb2ycbcr gives them.
    colours = {
        (0, 0, 0): 16,
        (255, 255, 255): 235,
        (255, 0, 0): 81,
        (0, 255, 0): 145,
        (0, 0, 255): 41,
        (255, 255, 0): 210,
        (0, 255, 255): 170,
        (255, 0, 255): 106,
    }
    picture = np.array([list(colours)]) / 255
    assert (255 * studio_luma(picture)).round(9).tolist() == [list(colours.values())]
    assert (255 * studio_luma(np.array([[0.0, 0.5, 1.0]]))).round(9).tolist() == [[16, 126, 235]]
