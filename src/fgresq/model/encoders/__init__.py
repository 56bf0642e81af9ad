"""Image encoders: CLIP's transformer, and a compact family of our own."""

from fgresq.model.encoders.base import CLIP_MEAN, CLIP_STD, Encoder, Normalise
from fgresq.model.encoders.clip import ClipEncoder
from fgresq.model.encoders.compact import CompactEncoder

__all__ = ["CLIP_MEAN", "CLIP_STD", "ClipEncoder", "CompactEncoder", "Encoder", "Normalise"]
