"""The programs that ship, run as they are, on stand-ins for the libraries that can't be installed here."""

import hashlib
import math
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from fgresq.errors import EngineError
from fgresq.metrics.engines.declarations import ENGINES, EngineSpec
from fgresq.metrics.engines.engine import Engine

Grey = Callable[[Sequence[int]], list[tuple[Path, Path | None]]]
Program = Callable[[str], ModuleType]
DEQA_SCORE, CO_INSTRUCT = "zhiyuanyou/DeQA-Score-Mix3", "q-future/co-instruct"

# The little of pyiqa's interface that the program calls, with metrics of our own. One metric may live at a time.
PYIQA = """
import weakref

import torch

living = weakref.WeakSet()


class Metric(torch.nn.Module):
    def __init__(self, name):
        super().__init__()
        self.metric_mode = "FR" if name == "difference" else "NR"
        self.name = name
        self.register_buffer("dummy_param", torch.empty(0))
        self.itself = [self]  # a circle, which only the collector frees
        self.constant = torch.ones(3)
        if name == "weighted":
            self.register_buffer("weight", torch.tensor([2.0]))
        living.add(self)

    def forward(self, image, reference=None):
        assert image.shape[:2] == (1, 3) and image.dtype == torch.float32 and not torch.is_grad_enabled()
        assert not self.training
        if self.name == "many":
            return torch.zeros(2)
        shown = image.mean() - (0 if reference is None else reference.mean())
        return (shown * getattr(self, "weight", torch.ones(1))).reshape(1, 1)


def list_models():
    return ["mean", "difference", "weighted", "many", "unreachable"]


def create_metric(name, device):
    print("Loading", name)
    assert not living, f"{[each.name for each in living]} is still held"
    if name == "unreachable":
        raise OSError("no network")
    return Metric(name).to(device)
"""

# The little of transformers 4.36 that the program calls: two models that behave as their cards say.
TRANSFORMERS = """
from types import SimpleNamespace

import weakref

import torch

living = weakref.WeakSet()


class Owl(torch.nn.Module):
    def __init__(self, commit):
        super().__init__()
        assert not living, "another one is still held"
        self.itself = [self]
        living.add(self)
        self.head = torch.nn.Linear(1, 4, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[0.0], [2.0], [-1.0], [7.0]]))

    def get_output_embeddings(self):
        return self.head

    def score(self, pictures):
        return torch.tensor([1 + picture.getpixel((0, 0))[0] / 64 for picture in pictures])

    def chat(self, prompt, pictures, max_new_tokens):
        assert prompt.count("<|image|>") == len(pictures) == max_new_tokens == 1
        level = pictures[0].getpixel((0, 0))[0] / 255
        with torch.no_grad():
            self.head(torch.tensor([[[9.0], [level]]]))  # of two places; the last one is what comes next
        return "whatever"


class AutoModelForCausalLM:
    @staticmethod
    def from_pretrained(name, revision, trust_remote_code, attn_implementation, torch_dtype, device_map):
        assert trust_remote_code and attn_implementation == "eager" and torch_dtype == torch.float16
        assert device_map == {"": "cpu"} and revision == "newest"
        return Owl(revision)


class AutoTokenizer:
    @staticmethod
    def from_pretrained(name, revision, use_fast):
        assert revision == "newest"
        return lambda word, add_special_tokens: SimpleNamespace(input_ids=[{"good": 1, "poor": 2}[word]])
"""

# The hub, whose newest commit is called so; a file of it lies in a folder of its commit's name.
HUB = """
def hf_hub_download(repository, filename, revision):
    return f"/cache/{repository}/snapshots/{revision or 'newest'}/{filename}"
"""
OWL = {"transformers.py": TRANSFORMERS, "huggingface_hub.py": HUB}


def judge(engine: Engine, metric: str, items: Sequence[tuple[Path, Path | None]]) -> list[object]:
    return [answer.error or answer.value for answer in engine.scores(metric, items)]


@pytest.mark.slow
def test_the_program_of_pyiqa(engine_of: Callable[..., EngineSpec], grey: Grey) -> None:
    ((dark, _), (light, _)) = items = grey([51, 204])
    with Engine(engine_of(ENGINES["pyiqa"].program, {"pyiqa.py": PYIQA}), device="cpu") as engine:
        np.testing.assert_allclose(judge(engine, "mean", items), [0.2, 0.8], rtol=1e-6)
        assert engine.weights("mean") is None
        np.testing.assert_allclose(judge(engine, "weighted", items), [0.4, 1.6], rtol=1e-6)
        content = b"weight torch.float32 (1,)\n" + struct.pack("<f", 2)
        content += b"plain constant torch.float32 (3,)\n" + struct.pack("<fff", 1, 1, 1)
        assert engine.weights("weighted") == hashlib.sha256(content).hexdigest()
        less, none, alone = judge(engine, "difference", [(dark, light), (light, light), (dark, None)])
        assert (less, none) == (pytest.approx(-0.6, abs=1e-6), 0)
        assert alone == "the engine fake says: ValueError: compares a picture with its reference; none was given"
        assert judge(engine, "many", items[:1]) == ["the engine fake says: ValueError: gave 2 numbers for one picture"]
        with pytest.raises(EngineError, match="pyiqa has no metric 'psrn'"):
            engine.scores("psrn", items)
        with pytest.raises(EngineError, match="OSError: no network"):
            engine.scores("unreachable", items)


class Model(torch.nn.Module):
    """Holds what pyiqa's metrics hold beside their state."""

    def __init__(self, learned: bool, **beside: object) -> None:
        super().__init__()
        self.register_buffer("dummy_param", torch.empty(0))
        self.itself, self.mean = [self], torch.ones(3)
        if learned:
            self.weight = torch.nn.Parameter(torch.tensor([2.0]))
        vars(self).update(beside)


def clip(value: float) -> torch.nn.Module:
    layer = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(layer.weight, value)
    torch.nn.init.zeros_(layer.bias)
    return layer


@pytest.mark.parametrize(
    "beside",
    [
        lambda value: {"clip_model": [clip(value)]},  # as CLIP-IQA keeps CLIP
        lambda value: {"clip_model": {"backbone": (clip(value),)}},
        lambda value: {"text_features": torch.full((2,), value)},  # as LIQE keeps those of its prompts
        lambda value: {"text_features": [np.full(2, value)]},
    ],
    ids=["module in a list", "module in a dictionary", "tensor", "array"],
)
def test_weights_outside_a_model_s_state_identify_it(
    program: Program, beside: Callable[[float], dict[str, object]]
) -> None:
    sha256_of = program("pyiqa_program").sha256_of
    one, same, other = (sha256_of(torch, Model(True, **beside(value))) for value in (2.0, 2.0, 3.0))
    assert one is not None
    assert one == same != other
    assert one != sha256_of(torch, Model(True))


def test_a_model_all_of_whose_weights_lie_outside_its_state_has_a_hash(program: Program, tmp_path: Path) -> None:
    sha256_of, path = program("pyiqa_program").sha256_of, tmp_path / "model.mat"
    assert sha256_of(torch, Model(False)) is None  # constants alone aren't weights
    hashes = {sha256_of(torch, Model(False, clip_model=[clip(value)])) for value in (2.0, 3.0)}
    for content in (b"one", b"other"):
        path.write_bytes(content)
        hashes.add(sha256_of(torch, Model(False, model_path=str(path))))  # a file that is read at each picture
    assert len(hashes - {None}) == 4


@pytest.mark.slow
def test_one_metric_is_held_at_a_time(engine_of: Callable[..., EngineSpec], grey: Grey) -> None:
    # The stand-ins refuse to be made while another one lives.
    items = grey([51])
    with Engine(engine_of(ENGINES["pyiqa"].program, {"pyiqa.py": PYIQA}), device="cpu") as engine:
        for metric in ("mean", "weighted", "mean"):
            assert engine.scores(metric, items)[0].error is None
        assert dict(engine.recorded).keys() == {"mean", "weighted"}
        with pytest.raises(EngineError, match="no network"):
            engine.weights("unreachable")
        assert engine.scores("mean", items)[0].error is None  # loaded again after that one failed


@pytest.mark.slow
def test_the_program_of_deqa(engine_of: Callable[..., EngineSpec], grey: Grey) -> None:
    items, spec = grey([0, 64, 255]), engine_of(ENGINES["deqa"].program, OWL)
    with Engine(spec, device="cpu") as engine:
        assert judge(engine, DEQA_SCORE, items) == [1, 2, 1 + 255 / 64]
        assert engine.weights(DEQA_SCORE) == "newest"
        logistic = [1 / (1 + math.exp(-3 * level / 255)) for level in (0, 64, 255)]  # "good" is 2, "poor" -1 times it
        np.testing.assert_allclose(judge(engine, CO_INSTRUCT, items), logistic, rtol=1e-6)
        assert judge(engine, DEQA_SCORE, items) == [1, 2, 1 + 255 / 64]  # there's room for one: it's loaded again
        with pytest.raises(EngineError, match="this engine has no metric 'q-future/one-align'"):
            engine.scores("q-future/one-align", items)
    (spec.files / "huggingface_hub.py").write_text(HUB.replace("newest", "newer"))
    with Engine(spec, device="cpu") as engine:
        assert engine.weights(DEQA_SCORE) == "newest"  # the commit of the first load is asked for


def test_the_share_of_good_against_poor(program: Program) -> None:
    deqa = program("deqa_program")
    logits = [0.5, -1.0, 2.0]
    both = torch.softmax(torch.tensor([logits[2], logits[1]], dtype=torch.float64), 0)
    assert deqa.share(logits, 2, 1) == pytest.approx(float(both[0]), abs=1e-15)
    assert deqa.share(logits, 2, 1) + deqa.share(logits, 1, 2) == pytest.approx(1, abs=1e-15)
    assert deqa.share([-1e9, 1e9], 0, 1) == pytest.approx(0, abs=1e-300)
    assert deqa.share([-1e9, 1e9], 1, 0) == 1


def test_words_that_are_not_one_token(program: Program) -> None:
    deqa = program("deqa_program")
    with pytest.raises(ValueError, match="'good' isn't one token of this model, but 2"):
        deqa.token_of(lambda word, add_special_tokens: SimpleNamespace(input_ids=[4, 5]), "good")


@pytest.mark.parametrize(
    ("written", "score"),
    [
        ("<think>Sharp.</think> <answer>4.25</answer>", 4.25),
        ("<think>Not <answer>1</answer> but more</think><answer> 3 </answer>", 3),
        ("<answer>Score: 5.00 of 5</answer>", 5),
        ("<answer>\n1\n</answer>", 1),
    ],
)
def test_the_rating_that_a_model_writes(program: Program, written: str, score: float) -> None:
    assert program("hf_program").rating(written) == score


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<think>It goes on and on", "wrote no answer"),
        ("", "wrote no answer"),
        ("<answer>excellent</answer>", "no number"),
        ("<answer>45</answer>", "rated it 45"),
        ("<answer>0.5</answer>", "rated it 0.5"),
        ("<answer>-3</answer>", "rated it -3"),
    ],
)
def test_what_is_no_rating_is_an_error_and_not_a_draw(program: Program, written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        program("hf_program").rating(written)
