"""The one place that knows sizes: from a configuration to a model."""

from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from fgresq.errors import UserError
from fgresq.images.preprocessing import AnyPreprocessing, Resized, Tiles
from fgresq.model.encoders import ClipEncoder, CompactEncoder, LiteEncoder
from fgresq.model.fgresq import DegradationBranch, FGResQ
from fgresq.model.heads import ComparisonClasses, ComparisonHead, ComparisonInput, Equality, RegressionHead
from fgresq.model.prompts import DegradationPrompt
from fgresq.names import nearest

EncoderName = Literal[
    "clip-vit-b16", "lite0", "compact", "compact-convolutions", "compact-statistics", "compact-vit", "compact-tiny"
]

_CLIP_SIDE = 224
_COMPACT_SMALLEST_SIDE = 64
_STAGES = {"widths": (24, 48, 96, 160), "depths": (1, 1, 2, 1)}
_NO_STAGES = {"widths": (), "depths": ()}
_TINY_STAGES = {"widths": (8, 16, 16, 24), "depths": (1, 1, 1, 1)}
_LITE: dict[str, Any] = {"feature_dim": 128}
_COMPACT: dict[str, dict[str, Any]] = {
    "compact": {**_STAGES, "statistics": True, "feature_dim": 256},
    "compact-convolutions": {**_STAGES, "statistics": False, "feature_dim": 256},
    "compact-statistics": {**_NO_STAGES, "statistics": True, "feature_dim": 256},
    "compact-tiny": {**_TINY_STAGES, "statistics": False, "feature_dim": 32},
}


class ModelConfig(BaseModel):
    """Everything that decides which weights fit.

    Attributes:
        encoder: of both branches.
        comparison_input: "pair" (released code) or "pair-and-difference" (the paper's figure).
        comparison_classes: "three-class" (released code) or "binary" (eq. 8).
        degradation_branch: False is the ablation "w/o DFL".
        equality: what `equal` is judged by: "linear" (released code), or also the "distance" of the two features.
        preprocessing: from a picture to the network's input.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: EncoderName
    comparison_input: ComparisonInput = "pair"
    comparison_classes: ComparisonClasses = "three-class"
    degradation_branch: bool = True
    equality: Equality = "linear"
    preprocessing: AnyPreprocessing = Resized()

    @model_validator(mode="after")
    def _equality_has_a_class(self) -> "ModelConfig":
        if self.equality == "distance" and self.comparison_classes == "binary":
            raise ValueError("the binary comparison never says equal; equality `distance` needs three classes")
        return self

    @model_validator(mode="after")
    def _crop_suits_the_encoder(self) -> "ModelConfig":
        side = self.preprocessing.side
        if self.encoder in ("clip-vit-b16", "compact-vit") and side != _CLIP_SIDE:
            raise ValueError(f"{self.encoder} takes crops of {_CLIP_SIDE} pixels, not {side}")
        if side < _COMPACT_SMALLEST_SIDE:
            raise ValueError(f"{self.encoder} takes crops of at least {_COMPACT_SMALLEST_SIDE} pixels, not {side}")
        return self


_TILES = Tiles(tile=192, most=4)

VARIANTS: MappingProxyType[str, ModelConfig] = MappingProxyType(
    {
        "released": ModelConfig(encoder="clip-vit-b16"),
        "released-without-degradation": ModelConfig(encoder="clip-vit-b16", degradation_branch=False),
        "paper": ModelConfig(
            encoder="clip-vit-b16", comparison_input="pair-and-difference", comparison_classes="binary"
        ),
        "paper-without-degradation": ModelConfig(
            encoder="clip-vit-b16",
            comparison_input="pair-and-difference",
            comparison_classes="binary",
            degradation_branch=False,
        ),
        "compact": ModelConfig(encoder="lite0", degradation_branch=False, equality="distance", preprocessing=_TILES),
        "compact-with-degradation": ModelConfig(encoder="lite0", equality="distance", preprocessing=_TILES),
        "compact-tiny": ModelConfig(encoder="compact-tiny"),
    }
)


def variant(name: str) -> ModelConfig:
    """The configuration of a named variant.

    Raises:
        UserError: no variant of that name; the nearest names are listed.
    """
    if name not in VARIANTS:
        raise UserError(f"no model variant is called {name!r}; {nearest(name, VARIANTS)}")
    return VARIANTS[name]


def build_encoder(name: EncoderName, part: int = _CLIP_SIDE) -> ClipEncoder | CompactEncoder | LiteEncoder:
    """A freshly initialised encoder.

    Args:
        name: which one.
        part: side of the parts that its input is put together from, for encoders that look at each alone.
    """
    if name == "lite0":
        return LiteEncoder(part, **_LITE)
    if name == "clip-vit-b16":
        return ClipEncoder(width=768, layers=12, heads=12, patch=16, image_size=_CLIP_SIDE)
    if name == "compact-vit":
        return ClipEncoder(width=192, layers=4, heads=3, patch=28, image_size=_CLIP_SIDE)
    return CompactEncoder(**_COMPACT[name])


def build(config: ModelConfig) -> FGResQ:
    """A freshly initialised model."""
    encoder = build_encoder(config.encoder, config.preprocessing.part_side)
    width = encoder.feature_dim
    degradation = None
    if config.degradation_branch:
        task_encoder = build_encoder(config.encoder, config.preprocessing.part_side)
        degradation = DegradationBranch(task_encoder, DegradationPrompt(task_encoder.feature_dim, width))
    feature_dim = 3 * width if config.degradation_branch else width
    return FGResQ(
        encoder,
        degradation,
        RegressionHead(feature_dim),
        ComparisonHead(feature_dim, config.comparison_input, config.comparison_classes, config.equality),
    )
