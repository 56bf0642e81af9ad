"""Our format: what is saved is what is loaded, strictly or not at all."""

import hashlib
import os
import re
import resource
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from tests.unit.model.weights_files import TINY, TRAINING, edit_header, outputs
from torch import Tensor

from fgresq.errors import CheckpointError, OutputError
from fgresq.model.build import VARIANTS, ModelConfig, build
from fgresq.model.checkpoints import Training, load_checkpoint, read_header, save_checkpoint
from fgresq.model.fgresq import FGResQ
from fgresq.seen import Seen


def test_what_is_saved_is_what_is_loaded(tiny: FGResQ, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    training = Training.model_validate({"note": "40 epochs", "trained": True, "data": {"name": "made up", "seed": 3}})
    config = TINY.model_copy(update={"preprocessing": TINY.preprocessing.model_copy(update={"crop": 192})})
    digest = save_checkpoint(path, tiny, config, training)
    loaded = load_checkpoint(path)
    assert torch.equal(outputs(loaded.model), outputs(tiny))
    assert loaded.config == config
    assert loaded.training == training
    assert loaded.training.model_dump()["data"] == {"name": "made up", "seed": 3}
    assert loaded.sha256 == digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_header(path) == (config, training)


def test_what_was_seen_travels_in_the_header(tiny: FGResQ, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(20_000)]
    training = Training(note="x", trained=True, seen=Seen.of("manifest", "split", hashes, [("one", "scene")]))
    save_checkpoint(path, tiny, TINY, training)
    assert read_header(path)[1] == load_checkpoint(path).training == training
    save_checkpoint(tmp_path / "without.safetensors", tiny, TINY, TRAINING)
    assert path.stat().st_size - (tmp_path / "without.safetensors").stat().st_size < 220_000
    damaged = training.model_copy(update={"seen": training.seen.model_copy(update={"files": "?"})})
    save_checkpoint(path, tiny, TINY, damaged)
    with pytest.raises(CheckpointError, match=r"header doesn't describe a model \(Training\.seen\.files: "):
        load_checkpoint(path)


def test_the_same_weights_give_the_same_file(tiny: FGResQ, tmp_path: Path) -> None:
    digests = {save_checkpoint(tmp_path / f"{i}.safetensors", tiny, TINY, TRAINING) for i in range(3)}
    assert len(digests) == 1


def test_half_precision_halves_the_file_and_loads_as_float32(tiny: FGResQ, tiny_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    save_checkpoint(path, tiny, TINY, TRAINING, half=True)
    assert path.stat().st_size < 0.6 * tiny_file.stat().st_size
    loaded = load_checkpoint(path).model
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    expected = build(TINY).eval()
    expected.load_state_dict({key: value.half().float() for key, value in tiny.state_dict().items()})
    assert torch.equal(outputs(loaded), outputs(expected))


def test_our_format_is_told_by_its_content_not_its_name(tiny: FGResQ, tiny_file: Path, tmp_path: Path) -> None:
    renamed = tiny_file.rename(tmp_path / "tiny.pth")
    assert torch.equal(outputs(load_checkpoint(renamed).model), outputs(tiny))


def test_an_authors_file_named_as_ours_is_refused(miniature: Mapping[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "FGResQ.safetensors"
    torch.save(dict(miniature), path)
    with pytest.raises(CheckpointError, match=r"FGResQ\.safetensors: isn't a readable safetensors file"):
        load_checkpoint(path)


@pytest.mark.parametrize("load", [load_checkpoint, read_header])
@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"format": "fgresq-9"}, "not of format fgresq-1 (found 'fgresq-9')"),
        ({"format": None}, "not of format fgresq-1 (found None)"),
        ({"config": "{"}, "its header doesn't describe a model (ModelConfig: Invalid JSON"),
        ({"config": None}, "its header doesn't describe a model (ModelConfig: Invalid JSON"),
        ({"config": "{}"}, "its header doesn't describe a model (ModelConfig.encoder: Field required)"),
        ({"config": '{"encoder": "vgg16"}'}, "its header doesn't describe a model (ModelConfig.encoder: "),
        ({"config": '{"encoder": "compact-tiny", "head": "x"}'}, "(ModelConfig.head: Extra inputs"),
        ({"training": None}, "its header doesn't describe a model (Training: Invalid JSON"),
        ({"training": '{"note": "x"}'}, "its header doesn't describe a model (Training.trained: Field required)"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(f"{k}={v}" for k, v in value.items()),
)
def test_a_header_that_does_not_describe_a_model(
    tiny_file: Path, entries: dict[str, str | None], said: str, load: Callable[[Path], object]
) -> None:
    edit_header(tiny_file, **entries)
    with pytest.raises(CheckpointError, match=rf"tiny\.safetensors: .*{re.escape(said)}"):
        load(tiny_file)


def test_another_programs_safetensors_file(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match=r"not of format fgresq-1 \(found None\)"):
        load_checkpoint(path)


def test_a_cut_file_of_ours(tiny_file: Path) -> None:
    whole = tiny_file.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for length in (1, 7, 9, header // 2, header, header + 1000, len(whole) - 1):
        tiny_file.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"tiny\.safetensors: isn't a readable safetensors file"):
            load_checkpoint(tiny_file)


def test_a_tensor_taken_out_of_our_format_is_named(tiny_file: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(tiny_file)
    config, training = read_header(tiny_file)
    header = {"format": "fgresq-1", "config": config.model_dump_json(), "training": training.model_dump_json()}
    for key in ("regression.linear.bias", "encoder.convolutions.stages.0.0.weight"):
        save_file({name: value for name, value in tensors.items() if name != key}, tiny_file, header)
        with pytest.raises(CheckpointError, match=rf"tiny\.safetensors: .*1 missing: {re.escape(key)}$"):
            load_checkpoint(tiny_file)
    save_file(tensors | {"extra": torch.zeros(1)}, tiny_file, header)
    with pytest.raises(CheckpointError, match=r"1 unexpected: extra$"):
        load_checkpoint(tiny_file)


# One variant's weights aren't another's ----------------------------------------------------------------------------

TINY_VARIANTS = {
    f"{inputs}/{classes}/{'with' if branch else 'without'}": ModelConfig.model_validate(
        {
            "encoder": "compact-tiny",
            "comparison_input": inputs,
            "comparison_classes": classes,
            "degradation_branch": branch,
        }
    )
    for inputs in ("pair", "pair-and-difference")
    for classes in ("three-class", "binary")
    for branch in (True, False)
} | {"compact": VARIANTS["compact"], "compact-with": VARIANTS["compact-with-degradation"]}


@pytest.mark.parametrize("own", TINY_VARIANTS)
def test_a_variants_file_loads_as_no_other_variant(tmp_path: Path, own: str) -> None:
    path = tmp_path / "weights.safetensors"
    config = TINY_VARIANTS[own]
    save_checkpoint(path, build(config), config, TRAINING)
    assert load_checkpoint(path).config == config
    for name, other in TINY_VARIANTS.items():
        if name == own:
            continue
        edit_header(path, config=other.model_dump_json())
        with pytest.raises(CheckpointError, match="the tensors aren't this model's"):
            load_checkpoint(path)


def test_no_two_named_variants_have_tensors_of_the_same_names_and_shapes() -> None:
    """The large ones, whose files would take a while: strictness tells them apart if this holds."""
    with torch.device("meta"):
        tensors = [
            frozenset((key, tuple(value.shape)) for key, value in build(config).state_dict().items())
            for config in VARIANTS.values()
        ]
    assert len(set(tensors)) == len(VARIANTS)


# The loaded model --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["official", "legacy", "ours"])
def test_a_loaded_model_is_ready_and_needs_its_file_no_longer(
    request: pytest.FixtureRequest, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "weights"
    if form == "ours":
        save_checkpoint(path, request.getfixturevalue("tiny"), TINY, TRAINING)
    else:
        tensors = dict(request.getfixturevalue("miniature"))
        torch.save(tensors, path, _use_new_zipfile_serialization=form == "official")
    model = load_checkpoint(path).model
    held = list(model.parameters()) + list(model.buffers())
    assert not any(tensor.is_meta for tensor in held)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert not any(module.training for module in model.modules())
    assert not any(tensor.requires_grad for tensor in held)

    before = outputs(model)
    assert torch.isfinite(before).all()
    with path.open("r+b") as file:  # in place: a mapping of the file would see it
        file.write(bytes(path.stat().st_size))
    assert torch.equal(outputs(model), before)
    path.write_bytes(b"")
    assert torch.equal(outputs(model), before)
    path.unlink()
    assert torch.equal(outputs(model), before)


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="needs /proc")
def test_no_mapping_of_the_file_is_left(miniature: Mapping[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "mapped.pth"
    torch.save(dict(miniature), path)
    model = load_checkpoint(path).model
    assert str(path) not in Path("/proc/self/maps").read_text()
    assert model.regression.linear.in_features == 48


def test_loading_draws_no_random_numbers(tiny_file: Path) -> None:
    state = torch.get_rng_state()
    load_checkpoint(tiny_file)
    assert torch.equal(torch.get_rng_state(), state)


# Where it can't be written -----------------------------------------------------------------------------------------


def test_places_where_nothing_can_be_written(tiny: FGResQ, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    for path in (tmp_path / "absent" / "w", tmp_path / "folder", tmp_path / "file" / "w", tmp_path / ("x" * 300)):
        with pytest.raises(OutputError, match=re.escape(str(path))):
            save_checkpoint(path, tiny, TINY, TRAINING)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "kept"


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 50 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_old_file_and_no_other(
    tiny: FGResQ, tiny_file: Path, request: pytest.FixtureRequest
) -> None:
    before = tiny_file.read_bytes()
    request.getfixturevalue("small_disk")
    with pytest.raises(OutputError, match=r"tiny\.safetensors: can't be written .*File too large"):
        save_checkpoint(tiny_file, tiny, TINY, TRAINING)
    assert tiny_file.read_bytes() == before
    assert [path.name for path in tiny_file.parent.iterdir()] == [tiny_file.name]


@pytest.mark.parametrize(("value", "half"), [(torch.nan, False), (torch.inf, False), (7e4, True)])
def test_weights_that_could_never_be_loaded_are_not_written(
    tiny: FGResQ, tmp_path: Path, value: float, half: bool
) -> None:
    tiny.regression.linear.bias.data.fill_(value)
    with pytest.raises(
        CheckpointError, match=r"w\.safetensors: not written; NaN or infinite .*regression\.linear\.bias"
    ):
        save_checkpoint(tmp_path / "w.safetensors", tiny, TINY, TRAINING, half=half)
    assert list(tmp_path.iterdir()) == []


def test_a_saved_file_can_be_read_by_others(tiny_file: Path) -> None:
    umask = os.umask(0o022)
    os.umask(umask)
    assert tiny_file.stat().st_mode & 0o777 == 0o666 & ~umask


def test_saving_replaces_an_older_file(tiny: FGResQ, tiny_file: Path, tmp_path: Path) -> None:
    old = load_checkpoint(tiny_file)
    shutil.copy(tiny_file, tmp_path / "copy")
    tiny.regression.linear.bias.data.add_(1)
    assert save_checkpoint(tiny_file, tiny, TINY, TRAINING) != old.sha256
    assert torch.equal(outputs(load_checkpoint(tiny_file).model), outputs(tiny))
    assert load_checkpoint(tmp_path / "copy").sha256 == old.sha256
