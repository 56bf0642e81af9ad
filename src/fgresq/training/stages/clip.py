"""CLIP's pretrained towers, from a folder or the hub: the vision tower to start from, the text tower for the tasks."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from fgresq.errors import WeightsError
from fgresq.model.build import build_encoder
from fgresq.model.encoders import ClipEncoder, Encoder
from fgresq.names import first_few

# What must be as in our tower. The number of heads doesn't show in the shapes of the weights, nor does the activation.
_OF_THE_TOWER = (
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "patch_size",
    "image_size",
    "hidden_act",
    "layer_norm_eps",
)
# In the configurations of CLIP's first years this number stood for "the token with the highest number".
_LEGACY_END = 2


def clip_encoder(name: str) -> tuple[Encoder, nn.Linear]:
    """A CLIP ViT-B/16 vision tower with its pretrained weights and projection, from a folder or the hub.

    Raises:
        WeightsError: it can't be had, lacks weights, or isn't a ViT-B/16.
    """
    from transformers import CLIPVisionModelWithProjection  # noqa: PLC0415 - takes seconds; compact needs none

    pretrained = _loaded(CLIPVisionModelWithProjection, name, "vision tower")
    encoder = build_encoder("clip-vit-b16")
    assert isinstance(encoder, ClipEncoder)  # noqa: S101 - tells the type checker
    found, needed = pretrained.config, encoder.tower.config
    other = [
        f"{what} is {getattr(found, what)} instead of {getattr(needed, what)}"
        for what in _OF_THE_TOWER
        if getattr(found, what) != getattr(needed, what)
    ]
    if other:
        raise WeightsError(f"{name}: isn't a CLIP ViT-B/16: {', '.join(other)}")
    tower = getattr(pretrained.vision_model, "vision_model", pretrained.vision_model)
    encoder.tower.load_state_dict(tower.state_dict(), strict=True)
    projection: nn.Linear = pretrained.visual_projection
    return encoder, projection


def clip_text_features(name: str, prompts: Sequence[Sequence[str]]) -> Float[Tensor, "t d"]:
    """Mean text feature of each task's prompts, of unit length, from CLIP's frozen text tower.

    Args:
        name: a folder, or a name on the hub.
        prompts: for each task, its sentences.

    Raises:
        WeightsError: it can't be had, lacks weights, the tokenizer isn't the tower's, or a prompt is too long.
    """
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer  # noqa: PLC0415

    model = _loaded(CLIPTextModelWithProjection, name, "text tower")
    tokenizer = _tokenizer(CLIPTokenizer, name, model.config)
    features = []
    for sentences in prompts:
        tokens = tokenizer(list(sentences), padding=True, return_tensors="pt")
        length, room = tokens["input_ids"].shape[1], model.config.max_position_embeddings
        if length > room:
            raise WeightsError(
                f"{name}: takes prompts of {room} tokens, and one has {length}: {max(sentences, key=len)}"
            )
        with torch.no_grad():
            embedded = F.normalize(model(**tokens).text_embeds, dim=-1)
        features.append(F.normalize(embedded.mean(dim=0), dim=-1))
    return torch.stack(features)


def _loaded(kind: Any, name: str, what: str) -> Any:
    """A tower with all its weights: transformers fills those that it doesn't find with random numbers."""
    try:
        with _quietly():
            model, report = kind.from_pretrained(name, output_loading_info=True)
    except Exception as error:
        raise WeightsError(f"{name}: CLIP's {what} can't be loaded ({_said(error)})") from error
    lacking = sorted(str(key) for key in (*report["missing_keys"], *report["mismatched_keys"]))
    if lacking:
        raise WeightsError(f"{name}: holds no CLIP {what}; these weights are missing: {first_few(lacking)}")
    return model.float().eval().requires_grad_(False)


def _tokenizer(kind: Any, name: str, config: Any) -> Any:
    try:
        with _quietly():
            tokenizer = kind.from_pretrained(name)
    except Exception as error:
        raise WeightsError(f"{name}: CLIP's tokenizer can't be loaded ({_said(error)})") from error
    # Without its files, transformers may give a tokenizer of two tokens instead of an error.
    if len(tokenizer) != config.vocab_size:
        raise WeightsError(
            f"{name}: the tokenizer has {len(tokenizer)} tokens, the text tower {config.vocab_size}; they don't belong "
            "together, or a vocabulary file is missing"
        )
    # The feature is taken at the end token; where the tower doesn't find its own, it silently takes the first.
    end = config.vocab_size - 1 if config.eos_token_id == _LEGACY_END else config.eos_token_id
    if tokenizer.eos_token_id != end:
        raise WeightsError(
            f"{name}: the tokenizer ends a prompt with token {tokenizer.eos_token_id}, the text tower looks for {end}"
        )
    return tokenizer


@contextmanager
def _quietly() -> Iterator[None]:
    """Without transformers' bars and reports; what matters of them is looked at above."""
    logging: Any = importlib.import_module("transformers.utils.logging")
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        logging.enable_progress_bar()


def _said(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
