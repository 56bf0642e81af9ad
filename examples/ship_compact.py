"""Puts trained weights where `compact` is looked for: `python examples/ship_compact.py runs/quality/model.safetensors`.

They are stored in half precision, with a note of one line that every command prints. The SHA-256 printed at the end
belongs into `fgresq/model/store.py`.
"""

import sys
from pathlib import Path

import fgresq
from fgresq.model.checkpoints import Training, load_checkpoint, save_checkpoint

NOTE = "trained on synthetic restorations labelled by full-reference metrics, not by people"


def main(trained: Path) -> None:
    """Load, which checks every tensor, and write."""
    checkpoint = load_checkpoint(trained)
    path = Path(fgresq.__file__).parent / "model" / "data" / "compact.safetensors"
    note = Training(note=NOTE, trained=True, seen=checkpoint.training.seen)
    print(save_checkpoint(path, checkpoint.model, checkpoint.config, note, half=True), path.stat().st_size)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
