"""The engines that there are: what each needs, under which licences it stands, and what of it has been tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fgresq.errors import UserError
from fgresq.names import nearest

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """The declaration of an engine.

    Attributes:
        name: as `MetricCard.engine` has it.
        what: which metrics it runs.
        licences: of what is installed, and of the weights that it fetches later; a sentence each.
        disk: what it takes on disk.
        tried: what of it has been tried, and what hasn't.
        versions_of: packages whose versions decide the scores.
        files: the folder of its program and of its pinned requirements.
    """

    name: str
    what: str
    licences: tuple[str, ...]
    disk: str
    tried: str
    versions_of: tuple[str, ...]
    files: Path = PROGRAMS

    @property
    def program(self) -> Path:
        """The script that runs inside the environment, where fgresq isn't installed."""
        return self.files / f"{self.name}_program.py"

    @property
    def serving(self) -> Path:
        """The module beside it that speaks to fgresq."""
        return self.files / "serving.py"

    @property
    def requirements(self) -> Path:
        """What is asked of pip, pinned."""
        return self.files / f"{self.name}-requirements.txt"

    @property
    def constraints(self) -> Path:
        """The versions of all that comes along with the requirements."""
        return self.files / f"{self.name}-constraints.txt"


_SPECS = (
    EngineSpec(
        name="pyiqa",
        what="the metrics of IQA-PyTorch (pyiqa)",
        licences=(
            "pyiqa 0.1.16: PolyForm Noncommercial License 1.0.0; it may not be used for a commercial purpose",
            "its weights come from chaofengc/IQA-PyTorch-Weights on the Hugging Face hub and elsewhere when a metric "
            "first needs them, each under its authors' licence; `fgresq metrics show NAME` says which",
            "torch and torchvision: BSD-3-Clause; the CUDA libraries that come with them: NVIDIA's own licence",
        ),
        disk="6.9 GiB (Linux, x86-64), without weights",
        tried="installed and run on Linux, x86-64, Python 3.11, without a GPU: the metrics that need no weights, and "
        "CLIP-IQA and LIQE with random ones",
        versions_of=("pyiqa", "torch", "torchvision", "transformers", "timm"),
    ),
    EngineSpec(
        name="deqa",
        what="DeQA-Score and Co-Instruct, which need transformers 4.36",
        licences=(
            "zhiyuanyou/DeQA-Score-Mix3 (weights, and code that is fetched and run with them): MIT, says its page",
            "q-future/co-instruct (weights, and code that is fetched and run with them): not stated; see its page",
            "both are made from mPLUG-Owl2 and so from LLaMA 2, whose community licence may reach further",
            "transformers: Apache-2.0; torch: BSD-3-Clause; the CUDA libraries that come with it: NVIDIA's own licence",
        ),
        disk="1.1 GiB with a torch for CPUs, several more with CUDA; the models come on top",
        tried="installed on Linux, x86-64, Python 3.11, and run with tiny random models that bring their own code as "
        "these do; never with the real ones, which could not be fetched",
        versions_of=("torch", "transformers"),
    ),
    EngineSpec(
        name="hf",
        what="VisualQuality-R1",
        licences=(
            "TianheWu/VisualQuality-R1-7B (weights): MIT, says its page; made from Qwen2.5-VL-7B: Apache-2.0",
            "transformers and qwen-vl-utils: Apache-2.0; torch and torchvision: BSD-3-Clause; the CUDA libraries that "
            "come with them: NVIDIA's own licence",
        ),
        disk="5.7 GiB (Linux, x86-64); the model comes on top",
        tried="installed on Linux, x86-64, Python 3.11, and run with a tiny random Qwen2.5-VL; never with the real "
        "model, which could not be fetched",
        versions_of=("torch", "torchvision", "transformers", "qwen-vl-utils"),
    ),
)

ENGINES: Mapping[str, EngineSpec] = {spec.name: spec for spec in _SPECS}


def find_engine(name: str) -> EngineSpec:
    """An engine by its name.

    Raises:
        UserError: an unknown name, with the nearest known ones.
    """
    if name not in ENGINES:
        raise UserError(f"there is no engine {name!r}; {nearest(name, ENGINES)}")
    return ENGINES[name]
