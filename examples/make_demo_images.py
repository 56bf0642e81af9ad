"""Makes a small study of denoising from photographs in scikit-image's wheel.

    python examples/make_demo_images.py OUT [REFERENCES]

OUT gets one folder an algorithm, as `fgresq rank OUT` takes it: `degraded` (camera-like noise added to the photograph)
and what five denoisers make of it; REFERENCES gets the photographs themselves. The algorithms and their strengths are
ordinary ones; nothing is tuned to win.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import median_filter
from skimage.filters import gaussian
from skimage.restoration import denoise_bilateral, denoise_nl_means, denoise_tv_chambolle

Photograph = NDArray[np.float64]

CONTENTS = ("astronaut", "chelsea", "coffee", "rocket")
NOISE = 0.08

RESTORERS: dict[str, Callable[[Photograph], Photograph]] = {
    "degraded": lambda noisy: noisy,
    "median": lambda noisy: median_filter(noisy, size=(3, 3, 1)),
    "bilateral": lambda noisy: denoise_bilateral(noisy, sigma_color=0.15, sigma_spatial=2, win_size=7, channel_axis=-1),
    "nonlocal-means": lambda noisy: denoise_nl_means(
        noisy, h=0.6 * NOISE, sigma=NOISE, patch_size=5, patch_distance=6, fast_mode=True, channel_axis=-1
    ),
    "total-variation": lambda noisy: denoise_tv_chambolle(noisy, weight=0.1, channel_axis=-1),
    "gaussian": lambda noisy: gaussian(noisy, sigma=1.2, channel_axis=-1),
}


def degrade(photograph: Photograph, generator: np.random.Generator) -> Photograph:
    """Add noise that grows with brightness, as a sensor's does, and clip."""
    deviation = NOISE * np.sqrt(0.4 + 0.6 * photograph)
    return np.clip(photograph + deviation * generator.standard_normal(photograph.shape), 0, 1)


def main(out: Path, references: Path | None = None) -> None:
    """Write every algorithm's image of every content, and the photographs where a folder is named for them."""
    for content in CONTENTS:
        # A third of the size keeps the demo quick and the noise visible at native pixels.
        photograph = Image.fromarray(getattr(skimage.data, content)()).convert("RGB")
        photograph = photograph.resize(
            (photograph.width * 2 // 3, photograph.height * 2 // 3), Image.Resampling.LANCZOS
        )
        if references is not None:
            references.mkdir(parents=True, exist_ok=True)
            photograph.save(references / f"{content}.png")
        noisy = degrade(np.asarray(photograph) / 255, np.random.default_rng(CONTENTS.index(content)))
        for algorithm, restore in RESTORERS.items():
            path = out / algorithm / f"{content}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            restored = np.clip(restore(noisy), 0, 1)
            Image.fromarray((255 * restored).round().astype(np.uint8)).save(path)
    print(f"{len(CONTENTS)} photographs, degraded and restored by {len(RESTORERS) - 1} algorithms, in {out}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
