"""VisualQuality-R1, a Qwen2.5-VL that thinks, then writes a rating from 1 to 5."""

import re
from typing import Any

from hub_commit import commit_of
from serving import serve

VISUAL_QUALITY = "TianheWu/VisualQuality-R1-7B"
_LOWEST, _HIGHEST = 1.0, 5.0
_MAX_NEW_TOKENS = 2048

# The model was trained on these very words, so they are its interface; its card has them.
_QUESTION = (
    "You are doing the image quality assessment task. Here is the question: "
    "What is your overall rating on the quality of this picture? The rating should be a float between 1 and 5, "
    "rounded to two decimal places, with 1 representing very poor quality and 5 representing excellent quality. "
    "First output the thinking process in <think> </think> tags and then output the final answer with only one score "
    "in <answer> </answer> tags."
)


class VisualQuality:
    """The model, decoded greedily: its card draws words at random, and then no score can be had twice."""

    def __init__(self, device: str) -> None:
        import torch  # noqa: PLC0415 - only to be imported once the pipes are safe
        import transformers  # noqa: PLC0415
        from qwen_vl_utils import process_vision_info  # noqa: PLC0415

        self._torch, self._pictures = torch, process_vision_info
        self._transformers: Any = transformers
        self._device = ("cuda:0" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._model: Any = None

    def load(self, metric: str, known: str | None) -> str:
        """Fetch and load the model, at the commit `known` if that is given; returns its commit on the hub."""
        if metric != VISUAL_QUALITY:
            raise ValueError(f"this engine has no metric {metric!r}")
        commit: str = commit_of(metric, known)
        self._model = None  # frees that of a load before
        self._model = (
            self._transformers.Qwen2_5_VLForConditionalGeneration.from_pretrained(
                metric, revision=commit, dtype=self._torch.bfloat16
            )
            .eval()
            .to(self._device)
        )
        self._processor = self._transformers.AutoProcessor.from_pretrained(metric, revision=commit)
        return commit

    def score(self, metric: str, image: Any, reference: Any) -> float:
        """The rating that the model writes."""
        return rating(write(self._torch, self._model, self._processor, self._pictures, image))


def write(torch: Any, model: Any, processor: Any, pictures: Any, image: Any) -> str:
    """What the model writes about a picture."""
    from PIL import Image  # noqa: PLC0415

    picture = {"type": "image", "image": Image.fromarray(image)}
    messages = [{"role": "user", "content": [picture, {"type": "text", "text": _QUESTION}]}]
    text = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, add_vision_id=True)
    shown, _ = pictures(messages)
    given = processor(text=[text], images=shown, return_tensors="pt").to(model.device)
    with torch.no_grad():
        # These three belong to drawing at random; the model's own settings have them, and transformers warns of that.
        written = model.generate(
            **given, max_new_tokens=_MAX_NEW_TOKENS, do_sample=False, temperature=None, top_k=None, top_p=None
        )
    (answer,) = processor.batch_decode(written[:, given["input_ids"].shape[1] :], skip_special_tokens=True)
    return str(answer)


def rating(text: str) -> float:
    """The number in the last <answer>.

    Raises:
        ValueError: there is none, or it isn't from 1 to 5. Its card then draws a number at random; that is no score.
    """
    answers = re.findall(r"<answer>(.*?)</answer>", text, re.DOTALL)
    if not answers:
        raise ValueError(f"wrote no answer: {text[-120:]!r}")
    number = re.search(r"-?\d+(?:\.\d+)?", answers[-1])
    if number is None:
        raise ValueError(f"wrote no number as its answer: {answers[-1][:120]!r}")
    score = float(number.group())
    if not _LOWEST <= score <= _HIGHEST:
        raise ValueError(f"rated it {score:g}, which isn't from {_LOWEST:g} to {_HIGHEST:g}")
    return score


if __name__ == "__main__":
    serve(VisualQuality)
