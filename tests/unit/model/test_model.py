"""The parts of the model and what one class makes of them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fgresq.errors import UserError
from fgresq.images.preprocessing import Resized
from fgresq.model.build import VARIANTS, ModelConfig, build, variant
from fgresq.model.encoders import ClipEncoder, CompactEncoder
from fgresq.model.fgresq import FGResQ
from fgresq.model.heads import ComparisonHead
from fgresq.model.prompts import DegradationPrompt

TINY = ModelConfig(encoder="compact-tiny")


def images(count: int, seed: int = 0, side: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def test_compact_is_small() -> None:
    assert sum(p.numel() for p in build(variant("compact")).parameters()) <= 3e6


def test_released_has_the_sizes_of_the_authors_module() -> None:
    with torch.device("meta"):
        model = build(variant("released"))
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    assert len(shapes) == 409
    assert shapes["regression.linear.weight"] == (1, 2304)
    assert shapes["comparison.linear.weight"] == (3, 4608)
    assert shapes["degradation.prompt.prompt"] == (1, 768)


@pytest.mark.parametrize(
    ("name", "comparison_shape", "score_shape"),
    [
        ("paper", (1, 3 * 2304), (1, 2304)),
        ("released-without-degradation", (3, 2 * 768), (1, 768)),
        ("paper-without-degradation", (1, 3 * 768), (1, 768)),
    ],
)
def test_variants_by_name(name: str, comparison_shape: tuple[int, int], score_shape: tuple[int, int]) -> None:
    with torch.device("meta"):
        model = build(variant(name))
    assert model.comparison.linear.weight.shape == comparison_shape
    assert model.regression.linear.weight.shape == score_shape
    assert (model.degradation is None) == name.endswith("without-degradation")


def test_an_unknown_variant_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"did you mean .*released"):
        variant("relased")


@pytest.mark.parametrize("name", [name for name, config in VARIANTS.items() if config.encoder.startswith("compact")])
def test_compact_variants_score_and_compare(name: str) -> None:
    model = build(variant(name)).eval()
    with torch.no_grad():
        features = model.features(images(2))
        assert model.regression(features).shape == (2,)
        assert model.preference(features[:1], features[1:]).sum(-1) == pytest.approx(1, abs=1e-6)


def test_clip_encoder_with_other_sizes_equals_transformers() -> None:
    torch.manual_seed(0)
    encoder = ClipEncoder(width=32, layers=3, heads=4, patch=8, image_size=32).eval()
    x = images(3, side=32)
    with torch.no_grad():
        expected = encoder.tower(pixel_values=encoder.normalise(x)).pooler_output
        torch.testing.assert_close(encoder(x), expected, atol=1e-5, rtol=1e-5)


def test_quality_features_are_the_three_parts_of_equation_5() -> None:
    model = build(TINY).eval()
    torch.nn.init.normal_(model.degradation.prompt.prompt_mlp.weight)
    x = images(2)
    with torch.no_grad():
        general, prompted, total = model.features(x).chunk(3, dim=-1)
        f_d = model.degradation.encoder(x)
        prompt = model.degradation.prompt
        hidden = torch.nn.functional.silu(prompt.task_mlp[0](f_d))
        expected = prompt.prompt_mlp(torch.softmax(prompt.task_mlp[2](hidden), -1) * prompt.prompt)
    torch.testing.assert_close(general, model.encoder(x))
    torch.testing.assert_close(prompted, expected)
    torch.testing.assert_close(total, general + prompted)


def test_the_degradation_branch_lives() -> None:
    torch.manual_seed(0)
    prompt = DegradationPrompt(16, 16)
    features = torch.randn(8, 16)
    assert torch.equal(prompt(features), torch.zeros(8, 16)), "training starts from the general features alone"
    optimiser = torch.optim.Adam(prompt.parameters(), lr=1e-2)
    for _ in range(5):
        optimiser.zero_grad()
        (prompt(features) - features).square().mean().backward()
        optimiser.step()
    assert prompt.task_mlp[0].weight.grad.abs().max() > 0, "a gradient reaches the task MLP"
    assert prompt(features).std(dim=0).max() > 1e-6, "the prompt depends on the image"


def test_the_released_initialisation_would_kill_it() -> None:
    prompt = DegradationPrompt(16, 16)
    for layer in (prompt.task_mlp[0], prompt.task_mlp[2]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    torch.nn.init.normal_(prompt.prompt_mlp.weight)
    prompt(torch.randn(4, 16)).square().sum().backward()
    assert prompt.task_mlp[0].weight.grad.abs().max() == 0


@pytest.mark.parametrize("inputs", ["pair", "pair-and-difference"])
@pytest.mark.parametrize("classes", ["three-class", "binary"])
def test_comparison_head_is_one_linear_layer_on_the_concatenation(inputs: str, classes: str) -> None:
    torch.manual_seed(0)
    head = ComparisonHead(6, inputs, classes)
    a, b = torch.randn(5, 6), torch.randn(5, 6)
    parts = [a, b, a - b] if inputs == "pair-and-difference" else [a, b]
    expected = torch.cat(parts, dim=-1) @ head.linear.weight.T + head.linear.bias
    torch.testing.assert_close(head.logits(a, b), expected)


def test_three_class_probabilities_are_a_b_equal_from_the_released_b_a_equal() -> None:
    head = ComparisonHead(2, "pair", "three-class")
    logits = torch.log(torch.tensor([[0.2, 0.7, 0.1]]))
    torch.testing.assert_close(head.probabilities(logits), torch.tensor([[0.7, 0.2, 0.1]]))


def test_binary_comparison_never_says_equal() -> None:
    head = ComparisonHead(2, "pair", "binary")
    torch.testing.assert_close(
        head.probabilities(torch.tensor([[0.0], [100.0]])), torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31), config=st.sampled_from([TINY, TINY.model_copy(update={"comparison_classes": "binary"})])
)
def test_swapping_a_and_b_swaps_the_answer_exactly(seed: int, config: ModelConfig) -> None:
    torch.manual_seed(seed)
    model: FGResQ = build(config)
    a, b = torch.randn(4, 96), torch.randn(4, 96)
    with torch.no_grad():
        forward, backward = model.preference(a, b), model.preference(b, a)
        assert torch.equal(forward, backward[:, [1, 0, 2]])
        itself = model.preference(a, a)
        assert torch.equal(itself[:, 0], itself[:, 1])
        table = model.all_preferences(a)
        assert torch.equal(table, table.transpose(0, 1)[..., [1, 0, 2]])
        torch.testing.assert_close(table[0, 1], model.preference(a[:1], a[1:2])[0])
        released = model.all_preferences(a, "released")
        torch.testing.assert_close(released[2, 3], model.preference(a[2:3], a[3:4], "released")[0])


@pytest.mark.parametrize(("widths", "statistics"), [((8, 8, 8, 12), False), ((8, 8), True), ((), True)])
def test_compact_encoder_takes_any_size(widths: tuple[int, ...], statistics: bool) -> None:
    encoder = CompactEncoder(widths, (1,) * len(widths), statistics=statistics, feature_dim=24).eval()
    with torch.no_grad():
        assert encoder(torch.rand(1, 3, 96, 160)).shape == (1, 24)


def test_an_encoder_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="convolutions, or statistics"):
        CompactEncoder((), (), statistics=False, feature_dim=24)


def test_configuration_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="extra"):
        ModelConfig.model_validate({"encoder": "compact", "colour": "red"})
    with pytest.raises(ValueError, match="takes crops of 224 pixels"):
        ModelConfig(encoder="clip-vit-b16", preprocessing=Resized(resize=256, crop=192))
    with pytest.raises(ValueError, match="at least 64 pixels"):
        ModelConfig(encoder="compact", preprocessing=Resized(resize=32, crop=16))
    with pytest.raises(ValueError, match="crop 300 is larger"):
        ModelConfig(encoder="compact", preprocessing=Resized(resize=256, crop=300))
