"""Fits NIQE's pristine model that ships: `python examples/fit_niqe_model.py FOLDER_OF_BSDS500 [OUT.npz]`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import fgresq
from fgresq.images.decode import decode
from fgresq.metrics.base import Picture
from fgresq.metrics.natural_scenes.pristine import write_pristine_model
from fgresq.metrics.niqe import fit_pristine

SOURCE = "BSDS500 (Arbelaez et al., IEEE TPAMI 2011), train, val and test"
OUT = Path(fgresq.__file__).parent / "metrics" / "data" / "niqe-fgresq-bsds500.npz"


def photographs(folder: Path) -> Iterator[tuple[str, Picture]]:
    """Every JPEG file of the three parts, by name."""
    for part in ("train", "val", "test"):
        for path in sorted((folder / part).glob("*.jpg")):
            yield f"{part}/{path.stem}", decode(path).astype(np.float32) / np.float32(255)


if __name__ == "__main__":
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    model = fit_pristine(photographs(Path(sys.argv[1])), out.stem, SOURCE)
    write_pristine_model(out, model)
    print(f"{out}: {model.provenance}, {out.stat().st_size:,} bytes")
