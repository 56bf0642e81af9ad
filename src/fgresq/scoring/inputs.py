"""What may be passed as an image, and how it becomes the network's crop."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from fgresq.errors import ImageError, UserError
from fgresq.images.arrays import MIN_SIDE, RgbArray, as_rgb, fault_of_range
from fgresq.images.decode import decode, decode_opened, printable
from fgresq.images.preprocessing import Crop, Preprocessing

OneImage: TypeAlias = str | os.PathLike[str] | Image.Image | NDArray[np.generic]
ImageInput: TypeAlias = OneImage | Tensor
ManyImages: TypeAlias = Tensor | Sequence[ImageInput]

_BATCH = "pass a tensor (N, 3, height, width) of floating point in [0, 1]"


def as_list(images: OneImage | ManyImages) -> tuple[list[ImageInput], bool]:
    """The images as a list, and whether a single one was passed.

    A path, a Pillow image or an array (H, W[, C]) is one image; a tensor (N, 3, H, W) is N; in a list, a tensor
    (3, H, W) is one.

    Raises:
        UserError: something else.
    """
    if isinstance(images, str | os.PathLike | Image.Image | np.ndarray):
        return [images], True
    if isinstance(images, Tensor):
        if images.ndim != 4:
            raise UserError(f"a tensor of shape {tuple(images.shape)} isn't a batch; {_BATCH}")
        return list(images), False
    if isinstance(images, Sequence) and not isinstance(images, bytes | bytearray):
        return list(images), False
    raise UserError(
        f"an object of type {type(images).__name__} isn't an image; pass a path, a Pillow image, an array (height, "
        "width, channels), a tensor (N, 3, height, width) in [0, 1], or a list of them"
    )


def name_of(image: ImageInput, index: int) -> str:
    """The image's path, or its place among the arguments when it has none."""
    if isinstance(image, str | os.PathLike):
        return printable(Path(image))
    filename = getattr(image, "filename", "")
    return printable(Path(filename)) if isinstance(filename, str) and filename else f"image {index}"


def check_batch(images: object, device: torch.device | None = None) -> None:
    """Refuse what isn't a batch of images as tensors; of the rest, what `read_crop` would refuse.

    Args:
        images: what was given for a tensor (N, 3, height, width) of floating point in [0, 1].
        device: where it has to be; None for anywhere.

    Raises:
        UserError: another type, shape or device; sides that are too short.
        ImageError: an image with values that are NaN, infinite or outside [0, 1].
    """
    if not isinstance(images, Tensor):
        raise UserError(f"an object of type {type(images).__name__} isn't a batch; {_BATCH}")
    if images.ndim != 4 or images.shape[1] != 3:
        raise UserError(f"a tensor of shape {tuple(images.shape)} isn't a batch; {_BATCH}")
    if not images.is_floating_point():
        raise UserError(f"the batch has {images.dtype} values; a tensor must be floating point in [0, 1]")
    if device is not None and images.device != device:
        raise UserError(f"the batch is on {images.device} and the network on {device}; move one to the other")
    height, width = images.shape[-2:]
    if min(height, width) < MIN_SIDE:
        raise UserError(f"the batch is {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed to judge it")
    if len(images) == 0:
        return
    values = images.detach().to(torch.float32)  # what is too large becomes infinite, and is refused
    low, high = torch.aminmax(values)
    if fault_of_range(low.item(), high.item()) is None:
        return
    for number, image in enumerate(values):
        fault = fault_of_range(image.min().item(), image.max().item())
        if fault is not None:
            raise ImageError(f"image {number}", fault)


def read_crop(
    image: ImageInput, name: str, preprocessing: Preprocessing, look: Callable[[RgbArray], None] | None = None
) -> Crop:
    """Read one image and preprocess it; `look` is called with its pixels before that.

    Raises:
        ImageError: it can't be read or isn't a picture.
    """
    pixels = _read(image, name)
    if look is not None:
        look(pixels)
    return preprocessing(pixels)


def cut_tensor(images: Float[Tensor, "b 3 h w"], preprocessing: Preprocessing) -> Float[Tensor, "b 3 sh sw"]:
    """Preprocess a batch so that a gradient can pass: what `read_crop` does, in floating point.

    Args:
        images: RGB in [0, 1].
        preprocessing: the model's.
    """
    size = preprocessing.size(*images.shape[-2:])
    if size != tuple(images.shape[-2:]):
        images = F.interpolate(images, size=size, mode="bilinear", align_corners=False)
    step, (_, columns) = preprocessing.part_side, preprocessing.grid_of(*size)
    parts = [images[..., y : y + step, x : x + step] for y, x in preprocessing.corners(*size)]
    lines = [torch.cat(parts[start : start + columns], dim=-1) for start in range(0, len(parts), columns)]
    return torch.cat(lines, dim=-2)


def _read(image: ImageInput, name: str) -> RgbArray:
    if isinstance(image, str | os.PathLike):
        return decode(Path(image))
    if isinstance(image, Image.Image):
        return decode_opened(image, name)
    if isinstance(image, np.ndarray):
        return as_rgb(image, name)
    if isinstance(image, Tensor):
        return _read_tensor(image, name)
    raise ImageError(name, f"an object of type {type(image).__name__} isn't an image")


def _read_tensor(tensor: Tensor, name: str) -> RgbArray:
    if tensor.ndim != 3 or tensor.shape[0] != 3:
        raise ImageError(name, f"has shape {tuple(tensor.shape)}; (3, height, width) is needed")
    if not tensor.is_floating_point():
        raise ImageError(name, f"has {tensor.dtype} values; a tensor must be floating point in [0, 1]")
    return as_rgb(tensor.detach().to("cpu", torch.float32).permute(1, 2, 0).numpy(), name)
