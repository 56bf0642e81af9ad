"""A CLIP that anybody can have: the architecture and the files, random weights, a vocabulary of letters."""

import json
from pathlib import Path

import torch
import transformers  # what is asked of it is imported then: two seconds that every collection would take

LETTERS = [chr(code) for code in range(33, 127)]
MERGES = [("p", "h"), ("o", "t"), ("ot", "o</w>"), ("ph", "oto</w>")]
VOCABULARY = [
    *LETTERS,
    *(f"{letter}</w>" for letter in LETTERS),
    *("".join(merge) for merge in MERGES),
    "<|startoftext|>",
    "<|endoftext|>",
]
SMALL_VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "patch_size": 32,
    "image_size": 224,
}
VIT_B16 = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "patch_size": 16,
    "image_size": 224,
}


def write_clip(folder: Path, dim: int = 24, **vision: int | str) -> Path:
    """Write config, weights and tokenizer as transformers does; the text tower is always tiny.

    Args:
        folder: made.
        dim: of the space that both towers project to.
        vision: sizes of the vision tower; `SMALL_VISION` for those that aren't given.
    """
    torch.manual_seed(0)
    end = len(VOCABULARY) - 1
    text = transformers.CLIPTextConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=dim,
        bos_token_id=end - 1,
        eos_token_id=end,
        pad_token_id=end,
    )
    image = transformers.CLIPVisionConfig(**{**SMALL_VISION, **vision}, projection_dim=dim)
    config = transformers.CLIPConfig(text_config=text.to_dict(), vision_config=image.to_dict(), projection_dim=dim)
    transformers.utils.logging.disable_progress_bar()
    transformers.CLIPModel(config).save_pretrained(folder)
    transformers.utils.logging.enable_progress_bar()
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path, vocabulary: list[str] = VOCABULARY) -> None:
    """The two files that make a CLIP tokenizer."""
    numbers = {token: number for number, token in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(numbers), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in MERGES)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def change_config(folder: Path, part: str, **values: object) -> None:
    """Change a part of config.json."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config[part].update(values)
    path.write_text(json.dumps(config))
