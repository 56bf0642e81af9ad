"""The picture of docs/restorers.md: what every learned restorer makes of one photograph.

    python examples/learned_restorers_sheet.py PACKAGES docs/images/learned-restorers.png

PACKAGES holds the npm packages (see examples/tfjs_restorers/restore.py). Restorers that enlarge get the photograph
reduced by bicubic resampling; the others get it degraded for what they were made for, which stands before theirs.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parent / "tfjs_restorers"))

from restore import degraded as degraded_for
from restore import kind_for
from restorers import restorers as of_npm

from fgresq.synthesis.pictures import Picture, clip, from_bytes, jpeg, resize, rounded, to_bytes
from fgresq.synthesis.restore.learned import LEARNED

SIDE, COLUMNS, LINE = 128, 9, 13


def cells(photograph: Picture, packages: Path) -> Iterator[tuple[str, Picture]]:
    """Names and pictures in the order of the sheet."""
    yield "photograph", photograph
    found = {name: (restorer.scale, restorer.apply) for name, restorer in LEARNED.items()} | of_npm(packages)
    size = (SIDE, SIDE)
    enlargers = {name: one for name, one in found.items() if one[0] > 1}
    for scale in (2, 3, 4):
        low = rounded(clip(resize(photograph, (SIDE // scale, SIDE // scale), "bicubic")))
        yield f"1/{scale}, bicubic", clip(resize(low, size, "bicubic"))
        for name, (by, apply) in enlargers.items():
            if by == scale:
                yield name, clip(resize(apply(low), size, "bicubic")) if SIDE % scale else apply(low)
    compressed = jpeg(photograph, 20)
    yield "JPEG, quality 20", compressed
    for name, (scale, apply) in found.items():
        if scale == 1 and name.startswith("waifu2x"):
            yield name, apply(compressed)
    noise = np.random.default_rng(0).normal(0, 20 / 255, photograph.shape)
    noisy = rounded(clip((photograph + noise).astype(np.float32)))
    yield "noise of 20/255", noisy
    yield "oidn", LEARNED["oidn"].apply(noisy)
    for name, (scale, apply) in found.items():
        if scale == 1 and name.startswith("maxim"):
            kind = kind_for(name)
            given = degraded_for(photograph, "sheet", kind, 0)
            yield kind.replace("-", " "), given
            yield name, apply(given)


def main(packages: Path, out: Path) -> None:
    """Draw the sheet."""
    torch.set_num_threads(1)
    photograph = rounded(from_bytes(np.ascontiguousarray(skimage.data.chelsea()[60 : 60 + SIDE, 150 : 150 + SIDE])))
    pictures = list(cells(photograph, packages))
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + 4), rows * (SIDE + LINE + 4)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for index, (name, picture) in enumerate(pictures):
        left, top = index % COLUMNS * (SIDE + 4), index // COLUMNS * (SIDE + LINE + 4)
        sheet.paste(Image.fromarray(to_bytes(picture)), (left, top + LINE))
        draw.text((left, top), name, fill="black", font=font)
    sheet.quantize(256, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{len(pictures)} pictures in {out}, {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
