"""Pictures whose order is known without asking people: `python benchmarks/known_truth.py [WEIGHTS] [--photographs N]`.

Photographs of scikit-image and, where `../shared` is there, the 24 of Kodak, none of which the weights were trained on.
Each is put through ladders of one fault that grows, by code of its own (Pillow, SciPy; not that of `fgresq synth`),
on the photograph as it is and on a restoration of it. Every two steps of a ladder are compared by the comparison head;
a tie counts one half. Then single questions: blank pictures, noise, a JPEG file of a restoration, and so on.

Aim: at least 0.97 of all steps right, no ladder below 0.90.
"""

import argparse
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.ndimage import gaussian_filter

Rgb: TypeAlias = NDArray[np.uint8]
Fault: TypeAlias = Callable[[Rgb, float], Rgb]

KODAK = Path(__file__).parent.parent.parent / "shared" / "data" / "kodak24"
SCIKIT_IMAGE = ("astronaut", "chelsea", "coffee", "rocket")
AIM, AIM_OF_A_LADDER = 0.97, 0.90


def _bytes(values: NDArray[np.float64]) -> Rgb:
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def encoded(image: Rgb, kind: str, quality: float) -> Rgb:
    """The picture after lossy compression."""
    code = io.BytesIO()
    Image.fromarray(image).save(code, kind, quality=int(quality))
    return np.asarray(Image.open(code).convert("RGB"))


def noisy(image: Rgb, deviation: float) -> Rgb:
    """White noise of each channel, the same pattern at every strength."""
    pattern = np.random.default_rng(1).standard_normal(image.shape)
    return _bytes(image + deviation * pattern)


def reduced(image: Rgb, factor: float, back: Image.Resampling) -> Rgb:
    """Reduced by a Lanczos filter and enlarged again."""
    size = (image.shape[1], image.shape[0])
    small = Image.fromarray(image).resize(
        (max(4, round(size[0] / factor)), max(4, round(size[1] / factor))), Image.Resampling.LANCZOS
    )
    return np.asarray(small.resize(size, back))


def blurred(image: Rgb, sigma: float) -> Rgb:
    """Gaussian blur."""
    return _bytes(gaussian_filter(image.astype(np.float64), (sigma, sigma, 0)))


def greyed(image: Rgb, left: float) -> Rgb:
    """A share of the colour is left."""
    return np.asarray(ImageEnhance.Color(Image.fromarray(image)).enhance(left))


def banded(image: Rgb, levels: float) -> Rgb:
    """Fewer levels a channel."""
    step = 255 / (levels - 1)
    return _bytes(np.rint(image / step) * step)


def cast(image: Rgb, gain: float) -> Rgb:
    """Warmer: red up, blue down."""
    return _bytes(image * np.array([gain, 1.0, 1 / gain]))


def cold_cast(image: Rgb, gain: float) -> Rgb:
    """A cast of green and blue, as under water."""
    return _bytes(image * np.array([1 / gain, np.sqrt(gain), np.sqrt(gain)]))


def enlarged_after(image: Rgb, factor: float) -> Rgb:
    """A super-resolution by 1.5 to 4: bicubic enlargement, sharpened, of a picture reduced by the factor."""
    small = Image.fromarray(reduced(image, factor, Image.Resampling.BICUBIC))
    return np.asarray(small.filter(ImageFilter.UnsharpMask(1.5, 60, 0)))


def denoised_after(image: Rgb, deviation: float) -> Rgb:
    """A denoiser (non-local means) on more and more noise, told how much there is."""
    from skimage.restoration import denoise_nl_means

    unit = noisy(image, deviation).astype(np.float32) / 255
    told = 0.8 * deviation / 255
    clean = denoise_nl_means(unit, patch_size=5, patch_distance=4, h=told, fast_mode=True, channel_axis=-1)
    return _bytes(clean * 255.0)


def deblocked_after(image: Rgb, quality: float) -> Rgb:
    """Smoothing of JPEG files of falling quality, the more the lower it is."""
    compressed = encoded(image, "JPEG", quality).astype(np.float64)
    return _bytes(gaussian_filter(compressed, (8 / quality**0.7, 8 / quality**0.7, 0)))


LADDERS: Mapping[str, tuple[Fault, Sequence[float]]] = {
    "JPEG, quality": (lambda x, q: encoded(x, "JPEG", q), (90, 70, 50, 30, 18, 10)),
    "WebP, quality": (lambda x, q: encoded(x, "WEBP", q), (85, 60, 35, 18, 8, 2)),
    "blur, sigma": (blurred, (0.6, 0.9, 1.3, 1.9, 2.8, 4)),
    "noise, deviation": (noisy, (3, 6, 10, 17, 28, 45)),
    "nearest neighbour, factor": (lambda x, f: reduced(x, f, Image.Resampling.NEAREST), (2, 3, 4, 6, 8)),
    "bicubic, factor": (lambda x, f: reduced(x, f, Image.Resampling.BICUBIC), (1.5, 2, 3, 4, 6, 8)),
    "banding, levels": (banded, (32, 20, 12, 8, 5, 3)),
    "warm cast, gain": (cast, (1.1, 1.2, 1.35, 1.55, 1.8)),
    "cold cast, gain": (cold_cast, (1.1, 1.25, 1.5, 1.9, 2.5)),
    "overexposed, gain": (lambda x, g: _bytes(x * g), (1.15, 1.35, 1.6, 2.0, 2.6)),
    "crushed, black point": (lambda x, b: _bytes((x - b) * 255 / (255 - b)), (15, 30, 50, 75, 105)),
    "darkened, factor": (lambda x, f: _bytes(x * f), (0.85, 0.7, 0.5, 0.33, 0.2)),
    "faded, contrast": (lambda x, c: _bytes(140 + (x - 140.0) * c), (0.85, 0.7, 0.5, 0.33, 0.2)),
    "greyed, colour left": (greyed, (0.7, 0.4, 0.15, 0.0)),
    "super-resolved, factor": (enlarged_after, (1.5, 2, 3, 4)),
    "denoised, deviation": (denoised_after, (5, 12, 25, 50)),
    "deblocked, quality": (deblocked_after, (80, 45, 22, 10)),
}


def photographs(limit: int | None) -> dict[str, Rgb]:
    """By name; at most `limit` of Kodak's."""
    import skimage.data

    found = {name: np.asarray(getattr(skimage.data, name)())[..., :3] for name in SCIKIT_IMAGE}
    found = {name: x[: 512 + 256, : 512 + 256] for name, x in found.items()}
    for path in sorted(KODAK.glob("*.png"))[:limit]:
        found[path.stem] = np.asarray(Image.open(path).convert("RGB"))
    return found


def bases(photograph: Rgb) -> dict[str, Rgb]:
    """The photograph, and a mild super-resolution of it, as a good restoration is."""
    return {"photograph": photograph, "restoration": enlarged_after(photograph, 1.5)}


class Judge:
    """P(A better) - P(B better) of many pictures, each encoded once."""

    def __init__(self, weights: str) -> None:
        import fgresq

        self.scorer = fgresq.load(weights, device="cpu")

    def leads(self, images: Sequence[Rgb]) -> NDArray[np.float64]:
        """Of every image (row) over every image (column)."""
        import torch

        features = self.scorer.features(list(images))
        with torch.inference_mode():
            rows = self.scorer.model.all_preferences(features).double().numpy()
        return np.asarray(rows[..., 0] - rows[..., 1])


def wins(leads: NDArray[np.float64], pairs: Sequence[tuple[int, int]]) -> list[float]:
    """1, 1/2 or 0 a pair, the better one first."""
    return [0.5 + 0.5 * float(np.sign(leads[a, b])) for a, b in pairs]


def ladder_table(judge: Judge, pictures: Mapping[str, Rgb]) -> tuple[dict[str, dict[str, list[float]]], list[float]]:
    """Share of steps right: by ladder, adjacent and all."""
    found: dict[str, dict[str, list[float]]] = {name: {"adjacent": [], "all": []} for name in LADDERS}
    every: list[float] = []
    for picture in track(list(pictures.values()), "ladders", transient=True):
        for base in bases(picture).values():
            for name, (fault, strengths) in LADDERS.items():
                steps = [base, *(fault(base, strength) for strength in strengths)]
                leads = judge.leads(steps)
                pairs = list(itertools.combinations(range(len(steps)), 2))
                found[name]["all"] += wins(leads, pairs)
                found[name]["adjacent"] += wins(leads, [pair for pair in pairs if pair[1] - pair[0] == 1])
    for of in found.values():
        every += of["all"]
    return found, every


def blanks(shape: tuple[int, ...]) -> dict[str, Rgb]:
    """Pictures that show nothing."""
    draw = np.random.default_rng(2)
    flat = {name: np.full(shape, value, np.uint8) for name, value in (("black", 0), ("white", 255), ("grey", 128))}
    flat["one colour"] = np.broadcast_to(np.array([40, 120, 200], np.uint8), shape).copy()
    flat["noise"] = draw.integers(0, 256, shape, dtype=np.uint8)
    flat["grey noise"] = _bytes(128 + 30 * draw.standard_normal((*shape[:2], 1)) * np.ones(3))
    return flat


def questions(judge: Judge, pictures: Mapping[str, Rgb]) -> dict[str, list[float]]:
    """Single questions: the first picture named is the better one."""
    found: dict[str, list[float]] = {}
    empty = blanks((512, 512, 3))
    for picture in track(list(pictures.values()), "questions", transient=True):
        restored = enlarged_after(picture, 1.5)
        asked = {
            "photograph over 30 % darker": (picture, _bytes(picture * 0.7)),
            "photograph over red and blue swapped": (picture, np.ascontiguousarray(picture[..., ::-1])),
            "bicubic x4 over nearest x4": (
                reduced(picture, 4, Image.Resampling.BICUBIC),
                reduced(picture, 4, Image.Resampling.NEAREST),
            ),
            "restoration over its JPEG 75": (restored, encoded(restored, "JPEG", 75)),
            "restoration over its JPEG 30": (restored, encoded(restored, "JPEG", 30)),
            "restoration over its WebP 30": (restored, encoded(restored, "WEBP", 30)),
            "denoised over noisy (deviation 25)": (denoised_after(picture, 25), noisy(picture, 25)),
            "denoised over noisy (deviation 12)": (denoised_after(picture, 12), noisy(picture, 12)),
        }
        images = [image for pair in asked.values() for image in pair] + list(empty.values())
        images += [reduced(picture, 8, Image.Resampling.NEAREST)]
        leads = judge.leads(images)
        for number, name in enumerate(asked):
            found.setdefault(name, []).extend(wins(leads, [(2 * number, 2 * number + 1)]))
        for number, name in enumerate(empty, start=2 * len(asked)):
            found.setdefault(f"any photograph over {name}", []).extend(wins(leads, [(0, number)]))
            found.setdefault(f"nearest x8 over {name}", []).extend(wins(leads, [(len(images) - 1, number)]))
    return found


def equals(judge: Judge, pictures: Mapping[str, Rgb]) -> float:
    """Least P(equal) of a picture against itself."""
    return min(judge.scorer.compare(x, x).p_equal for x in pictures.values())


def main() -> None:
    """Print a table of ladders and one of questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", nargs="?", default="compact")
    parser.add_argument("--photographs", type=int, help="at most so many of Kodak's")
    arguments = parser.parse_args()
    judge, pictures = Judge(arguments.weights), photographs(arguments.photographs)
    found, every = ladder_table(judge, pictures)
    table = Table("ladder", "adjacent steps", "all steps", box=None)
    for name, of in found.items():
        share = float(np.mean(of["all"]))
        missed = "" if share >= AIM_OF_A_LADDER else f"  below {AIM_OF_A_LADDER}"
        table.add_row(name, f"{np.mean(of['adjacent']):.3f}", f"{share:.3f}{missed}")
    console = Console(width=120)
    console.print(table)
    console.print(f"all steps: {np.mean(every):.4f} of {len(every)} (aim {AIM})")
    asked = Table("question", "right", "of", box=None)
    for name, answers in questions(judge, pictures).items():
        asked.add_row(name, f"{np.mean(answers):.3f}", str(len(answers)))
    console.print(asked)
    console.print(f"least P(equal) of a picture against itself: {equals(judge, pictures):.3f}")


if __name__ == "__main__":
    main()
