"""Models on mPLUG-Owl2 that bring their own code, written for an old transformers: DeQA-Score and Co-Instruct.

Both are called as their cards show it: `score(pictures)` and `chat(prompt, pictures, max_new_tokens)`.
"""

import gc
import math
from collections.abc import Sequence
from typing import Any

from hub_commit import commit_of
from serving import serve

DEQA_SCORE = "zhiyuanyou/DeQA-Score-Mix3"
CO_INSTRUCT = "q-future/co-instruct"

# A form of prompt that its card shows, with the question and the beginning of the answer of Q-Bench: the next word is
# the judgement.
_PROMPT = "USER: The image: <|image|> Rate the quality of the image. ASSISTANT: The quality of the image is"
_GOOD, _POOR = "good", "poor"


class OwlModels:
    """One model at a time: each takes 16 GB."""

    def __init__(self, device: str) -> None:
        import torch  # noqa: PLC0415 - only to be imported once the pipes are safe
        import transformers  # noqa: PLC0415

        self._torch = torch
        self._transformers: Any = transformers
        self._half = torch.float16
        self._device = ("cuda:0" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._name, self._words = "", (0, 0)
        self._model: Any = None

    def load(self, metric: str, known: str | None) -> str:
        """Fetch and load a model, at the commit `known` if that is given; returns its commit on the hub."""
        if metric not in (DEQA_SCORE, CO_INSTRUCT):
            raise ValueError(f"this engine has no metric {metric!r}")
        commit: str = commit_of(metric, known)
        self._name, self._model = "", None
        gc.collect()
        if self._device.startswith("cuda"):
            self._torch.cuda.empty_cache()
        self._model = self._transformers.AutoModelForCausalLM.from_pretrained(
            metric,
            revision=commit,
            trust_remote_code=True,
            attn_implementation="eager",
            torch_dtype=self._half,
            device_map={"": self._device},
        ).eval()
        if metric == CO_INSTRUCT:
            tokenizer = self._transformers.AutoTokenizer.from_pretrained(metric, revision=commit, use_fast=False)
            self._words = token_of(tokenizer, _GOOD), token_of(tokenizer, _POOR)
        self._name = metric
        return commit

    def score(self, metric: str, image: Any, reference: Any) -> float:
        """The expected level from 1 to 5 (DeQA-Score), or the share of "good" against "poor" (Co-Instruct)."""
        from PIL import Image  # noqa: PLC0415

        if metric != self._name:
            raise ValueError(f"{metric} isn't loaded")
        picture = Image.fromarray(image)
        if metric == DEQA_SCORE:
            return expected_level(self._model, picture)
        return share(next_word(self._model, _PROMPT, picture), *self._words)


def expected_level(model: Any, picture: Any) -> float:
    """What DeQA-Score's own `score` gives for one picture."""
    scores = model.score([picture])
    if scores.numel() != 1:
        raise ValueError(f"gave {scores.numel()} scores for one picture")
    return float(scores.item())


def next_word(model: Any, prompt: str, picture: Any) -> Sequence[float]:
    """The logits of the token that follows a prompt.

    `chat` answers with words only, so its last layer is watched while it makes one token.
    """
    seen: list[Any] = []
    hook = model.get_output_embeddings().register_forward_hook(lambda layer, given, logits: seen.append(logits))
    try:
        model.chat(prompt, [picture], max_new_tokens=1)
    finally:
        hook.remove()
    if not seen:
        raise ValueError("its last layer didn't run")
    logits: list[float] = seen[0][0, -1].float().tolist()
    return logits


def share(logits: Sequence[float], good: int, poor: int) -> float:
    """p(good) / (p(good) + p(poor)), from the logits of all tokens."""
    return 1 / (1 + math.exp(min(700.0, logits[poor] - logits[good])))


def token_of(tokenizer: Any, word: str) -> int:
    """The token that a word begins with when it follows another."""
    tokens = tokenizer(word, add_special_tokens=False).input_ids
    if len(tokens) != 1:
        raise ValueError(f"{word!r} isn't one token of this model, but {len(tokens)}")
    return int(tokens[0])


if __name__ == "__main__":
    serve(OwlModels)
