"""Image encoders: CLIP's transformer, channel statistics of a small pretrained network, and a compact family."""

from fgresq.model.encoders.base import CLIP_MEAN, CLIP_STD, Encoder, Normalise
from fgresq.model.encoders.clip import ClipEncoder
from fgresq.model.encoders.compact import CompactEncoder
from fgresq.model.encoders.lite import LiteEncoder

__all__ = ["CLIP_MEAN", "CLIP_STD", "ClipEncoder", "CompactEncoder", "Encoder", "LiteEncoder", "Normalise"]
