"""The authors' file loads in every form that it is passed on in, and only as a whole."""

import hashlib
import itertools
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from tests.unit.model.weights_files import outputs, without_tower_prefix
from torch import Tensor, nn

from fgresq.errors import CheckpointError
from fgresq.model.build import VARIANTS
from fgresq.model.checkpoints import load_checkpoint
from fgresq.model.encoders import ClipEncoder

# Spellings of one content ------------------------------------------------------------------------------------------

WRAPPINGS: dict[str, Callable[[dict[str, Tensor]], object]] = {
    "bare": lambda tensors: tensors,
    "model": lambda tensors: {"model": tensors},
    "state_dict": lambda tensors: {"state_dict": tensors},
    "model-in-checkpoint": lambda tensors: {"epoch": 3, "model": tensors, "optimizer": {"lr": 1e-4, "state": [1, 2]}},
    "both": lambda tensors: {"model": {"state_dict": tensors}},
}


SPELLINGS = [
    pytest.param(wrapping, prefix, layout, zipped, id=f"{wrapping}-{prefix or 'plain'}-{layout}-{'zip' * zipped}")
    for wrapping in WRAPPINGS
    for prefix, layout in itertools.product(("", "module."), ("up-to-5.5", "from-5.6"))
    for zipped in ((True, False) if (prefix, layout) == ("module.", "from-5.6") else (True,))
]


@pytest.mark.parametrize(("wrapping", "prefix", "layout", "zipped"), SPELLINGS)
def test_every_spelling_of_the_authors_file_gives_the_same_outputs(
    miniature: Mapping[str, Tensor], tmp_path: Path, wrapping: str, prefix: str, layout: str, zipped: bool
) -> None:
    reference, path = tmp_path / "reference.pth", tmp_path / "FGResQ.pth"
    torch.save(dict(miniature), reference)
    tensors = dict(miniature) if layout == "up-to-5.5" else without_tower_prefix(miniature)
    content = WRAPPINGS[wrapping]({prefix + key: value for key, value in tensors.items()})
    torch.save(content, path, _use_new_zipfile_serialization=zipped)

    loaded = load_checkpoint(path)

    assert torch.equal(outputs(loaded.model), outputs(load_checkpoint(reference).model))
    assert loaded.config == VARIANTS["released"]
    assert loaded.training.trained
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_each_tensor_of_the_authors_file_lands_in_its_place(miniature: Mapping[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.pth"
    torch.save(dict(miniature), path)
    model = load_checkpoint(path).model
    assert isinstance(model.encoder, ClipEncoder)
    assert model.degradation is not None
    assert isinstance(model.degradation.encoder, ClipEncoder)
    for key, value in {
        "head.weight": model.regression.linear.weight,
        "head.bias": model.regression.linear.bias,
        "compare_head.weight": model.comparison.linear.weight,
        "compare_head.bias": model.comparison.linear.bias,
        "prompt": model.degradation.prompt.prompt,
        "prompt_mlp.weight": model.degradation.prompt.prompt_mlp.weight,
        "task_mlp.0.weight": model.degradation.prompt.task_mlp[0].weight,
        "task_mlp.2.bias": model.degradation.prompt.task_mlp[2].bias,
        "clip_model.vision_model.post_layernorm.bias": model.encoder.tower.post_layernorm.bias,
        "task_cls_clip.vision_model.post_layernorm.bias": model.degradation.encoder.tower.post_layernorm.bias,
    }.items():
        assert torch.equal(miniature[key], value), key


@pytest.mark.parametrize(
    "stored",
    [
        nn.Parameter,
        lambda value: value.double(),
        lambda value: value.t().contiguous().t() if value.ndim == 2 else value,
    ],
    ids=["parameter", "float64", "transposed"],
)
def test_how_a_tensor_was_stored_does_not_matter(
    miniature: Mapping[str, Tensor], tmp_path: Path, stored: Callable[[Tensor], Tensor]
) -> None:
    reference, path = tmp_path / "reference.pth", tmp_path / "FGResQ.pth"
    torch.save(dict(miniature), reference)
    content = OrderedDict((key, stored(value)) for key, value in miniature.items())
    content._metadata = {"": {"version": 1}}  # type: ignore[attr-defined] - as `Module.state_dict()` leaves it
    torch.save(content, path)
    model = load_checkpoint(path).model
    torch.testing.assert_close(outputs(model), outputs(load_checkpoint(reference).model), rtol=0, atol=1e-6)
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_file_of_float16_is_computed_in_float32(miniature: Mapping[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.pth"
    torch.save({key: value.half() for key, value in miniature.items()}, path)
    model = load_checkpoint(path).model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert torch.equal(model.regression.linear.weight, miniature["head.weight"].half().float())


def test_a_name_with_line_end_and_letters_from_elsewhere(miniature: Mapping[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "Gewichte\nßの重み.pth"
    torch.save(dict(miniature), path)
    assert load_checkpoint(path).model.regression.linear.in_features == 48


# Nothing missing, nothing more -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "head.bias",
        "compare_head.weight",
        "prompt",
        "task_mlp.2.weight",
        "prompt_mlp.bias",
        "clip_model.vision_model.post_layernorm.bias",
        "task_cls_clip.vision_model.encoder.layers.0.self_attn.q_proj.weight",
    ],
)
def test_a_missing_tensor_is_named_as_in_the_file(miniature: Mapping[str, Tensor], tmp_path: Path, key: str) -> None:
    path = tmp_path / "FGResQ.pth"
    torch.save({name: value for name, value in miniature.items() if name != key}, path)
    named = re.escape(key.replace(".vision_model.", "."))
    with pytest.raises(CheckpointError, match=rf"FGResQ\.pth: .*1 missing: {named}$"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "key",
    [
        "extra.weight",
        "head.scale",
        "clip_model.vision_model.embeddings.position_ids",
        "task_mlp.1.weight",
        "regression.linear.bias",  # our own name for `head.bias` isn't a name of the authors'
        "logit_scale",
    ],
)
def test_an_unexpected_tensor_is_named(miniature: Mapping[str, Tensor], tmp_path: Path, key: str) -> None:
    path = tmp_path / "FGResQ.pth"
    torch.save(dict(miniature) | {key: torch.zeros(1)}, path)
    named = re.escape(key.replace(".vision_model.", "."))
    with pytest.raises(CheckpointError, match=rf"FGResQ\.pth: .*1 unexpected: {named}$"):
        load_checkpoint(path)


def test_many_problems_are_counted_and_the_first_named(miniature: Mapping[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.pth"
    kept = {key: value for key, value in miniature.items() if not key.startswith("task_cls_clip.")}
    absent = len(miniature) - len(kept)
    torch.save(kept | {"extra": torch.zeros(1), "prompt": torch.zeros(2, 16)}, path)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert f"{absent} missing: task_cls_clip." in message
    assert f" and {absent - 5} more; 1 unexpected: extra" in message
    assert "1 of another shape: prompt (2, 16) instead of (1, 16)" in message


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda value: value.reshape(-1), r"1 of another shape: head\.weight \(48,\) instead of \(1, 48\)"),
        (lambda value: value[:, :-1], r"1 of another shape: head\.weight \(1, 47\) instead of \(1, 48\)"),
        (lambda value: value.index_fill(1, torch.tensor([5]), torch.nan), r"1 with NaN or infinite values: head\.wei"),
        (lambda value: value.index_fill(1, torch.tensor([5]), -torch.inf), r"1 with NaN or infinite values: head\.we"),
        (lambda value: value.double() + 1e300, r"1 with NaN or infinite values: head\.weight"),
        (lambda value: value.long(), r"1 that aren't plain floating-point numbers on the CPU: head\.weight"),
        (lambda value: value > 0, r"1 that aren't plain floating-point numbers on the CPU: head\.weight"),
        (lambda value: value + 1j, r"1 that aren't plain floating-point numbers on the CPU: head\.weight"),
        (lambda value: value.to_sparse(), r"1 that aren't plain floating-point numbers on the CPU: head\.weight"),
        (lambda value: value.to("meta"), r"1 that aren't plain floating-point numbers on the CPU: head\.weight"),
        (lambda value: value.to(torch.float8_e4m3fn), r"1 that aren't plain floating-point numbers on the CPU: head\."),
    ],
    ids=["flat", "short", "nan", "infinite", "overflow", "integer", "boolean", "complex", "sparse", "meta", "float8"],
)
def test_a_wrong_tensor_is_named(
    miniature: Mapping[str, Tensor], tmp_path: Path, damage: Callable[[Tensor], Tensor], said: str
) -> None:
    path = tmp_path / "FGResQ.pth"
    torch.save(dict(miniature) | {"head.weight": damage(miniature["head.weight"])}, path)
    with pytest.raises(CheckpointError, match=rf"FGResQ\.pth: .*{said}"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "second", ["module.head.weight", "clip_model.post_layernorm.bias", "module.clip_model.post_layernorm.bias"]
)
def test_a_tensor_under_two_spellings_is_refused(miniature: Mapping[str, Tensor], tmp_path: Path, second: str) -> None:
    path = tmp_path / "FGResQ.pth"
    torch.save(dict(miniature) | {second: torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=re.escape(f"two spellings: {second.removeprefix('module.')}")):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([torch.zeros(1)], "holds a list, not named tensors"),
        (torch.zeros(1), "holds a Tensor, not named tensors"),
        ({}, "holds no tensors"),
        ({"model": {}}, "holds no tensors"),
        ({"head.weight": torch.zeros(1), "epoch": 3}, "these entries aren't tensors: epoch"),
        ({"head.weight": [0.0, 1.0]}, "these entries aren't tensors: head.weight"),
        ({0: torch.zeros(1)}, "these entries aren't tensors: 0"),
    ],
    ids=["list", "tensor", "empty", "empty-inside", "number", "list-inside", "number-as-key"],
)
def test_content_that_is_no_dictionary_of_tensors(tmp_path: Path, content: object, said: str) -> None:
    path = tmp_path / "FGResQ.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=rf"FGResQ\.pth: {re.escape(said)}$"):
        load_checkpoint(path)


@pytest.mark.parametrize("prefix", ["clip_model.vision_model.", "vision_model.", "visual.", "task_cls_clip."])
def test_a_plain_clip_or_degradation_file_is_told_apart(tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "Degradation.pth"
    torch.save({f"{prefix}embeddings.class_embedding": torch.zeros(8), f"{prefix}proj": torch.zeros(2, 8)}, path)
    with pytest.raises(CheckpointError, match=r"Degradation\.pth: holds no FGResQ weights; .*Degradation\.pth alone"):
        load_checkpoint(path)
