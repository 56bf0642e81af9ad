"""Run inside the environment of the engine pyiqa, where fgresq isn't installed: prints what was found as JSON.

    python engine_checks.py imports NAME...       the module of each metric: null, or why it can't be imported
    python engine_checks.py places FILE...        which of these names of files its libraries ask for
    python engine_checks.py clip FOLDER PROGRAMS  CLIP-IQA and LIQE with random weights: hashes, scores, refused sides

Random weights lie where pyiqa keeps the real ones; only OpenAI's, which it checks by their hash, are made here in the
place of its loader.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any


def imports(names: list[str]) -> dict[str, str | None]:
    from pyiqa.archs import _lazy_import_arch
    from pyiqa.default_model_configs import DEFAULT_CONFIGS
    from pyiqa.utils.registry import ARCH_REGISTRY

    found: dict[str, str | None] = {}
    for name in names:
        try:
            kind = DEFAULT_CONFIGS[name]["metric_opts"]["type"]
            _lazy_import_arch(kind)
            ARCH_REGISTRY.get(kind)
        except Exception as error:  # noqa: BLE001 - whatever it is, it's the answer
            found[name] = f"{type(error).__name__}: {error}"
        else:
            found[name] = None
    return found


def places(names: list[str]) -> list[str]:
    import pyiqa
    import timm
    import torchvision.models

    folder = Path(pyiqa.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    asked = [weights.value.url for weights in (*torchvision.models.AlexNet_Weights, *torchvision.models.VGG16_Weights)]
    hub = f"timm/{timm.create_model('resnet50').pretrained_cfg['architecture']}." + str(
        timm.create_model("resnet50").pretrained_cfg["tag"]
    )
    text += "\n".join([*asked, hub])
    return [name for name in names if name in text]


def clip(folder: Path, programs: Path) -> dict[str, Any]:
    import numpy as np
    import torch

    os.environ["TORCH_HOME"] = str(folder)
    sys.path.insert(0, str(programs))
    clip_model = importlib.import_module("pyiqa.archs.clip_model")
    seed = [1]

    def load(name: str, device: str = "cpu", **_: object) -> Any:
        torch.manual_seed(seed[0])
        vision = {"RN50": (1024, (3, 4, 6, 3), 64, None), "ViT-B/32": (512, 12, 768, 32)}[name]
        width, layers, channels, patch = vision
        return clip_model.CLIP(width, 224, layers, channels, patch, 77, 49408, 512, 8, 12).float().eval()

    clip_model.load = load
    program = importlib.import_module("pyiqa_program").Pyiqa("cpu")
    picture = np.random.default_rng(0).integers(0, 256, (256, 300, 3)).astype(np.uint8)

    def judged(metric: str) -> dict[str, Any]:
        return {"weights": program.load(metric, None), "score": program.score(metric, picture, None)}

    found: dict[str, Any] = {"clipiqa": [], "liqe": []}
    for seed[0] in (1, 1, 2):
        found["clipiqa"].append(judged("clipiqa"))
    cache = folder / "hub" / "pyiqa"
    cache.mkdir(parents=True)
    liqe = importlib.import_module("pyiqa.archs.liqe_arch").LIQE(pretrained=False)
    torch.save({"params": liqe.state_dict()}, cache / "liqe_koniq.pt")
    features = torch.load(cache / "liqe_text_feat.pt")
    for stale in (False, False, True):
        torch.save(features.roll(1, 0) if stale else features, cache / "liqe_text_feat.pt")
        found["liqe"].append(judged("liqe"))
    found["refused"] = []
    for side in (223, 224):
        try:
            program.score("liqe", picture[:side], None)
        except AssertionError:
            found["refused"].append(side)
    return found


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    answers = {
        "imports": lambda: imports(arguments),
        "places": lambda: places(arguments),
        "clip": lambda: clip(*map(Path, arguments)),
    }[what]()
    sys.stdout.write("\n" + json.dumps(answers) + "\n")
