import math

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from fgresq.curation.tau import Tau, parse_tau
from fgresq.errors import UserError


@pytest.mark.parametrize("text", ["own:100", "normalised:0.1", "keep-all"])
def test_text_goes_in_and_out(text):
    assert str(parse_tau(text)) == text


@pytest.mark.parametrize(
    "text", ["100", "own", "own:", "own:x", "own:0", "own:-1", "own:inf", "own:nan", "share:0.1", ""]
)
def test_text_that_is_no_tau(text):
    with pytest.raises(UserError, match="isn't a tau; own:NUMBER, normalised:NUMBER"):
        parse_tau(text)


def test_yaml_goes_in():
    class Config(BaseModel):
        tau: dict[str, Tau]

    config = Config(**yaml.safe_load("tau: {PIPAL: {own: 100}, KADID-10k: {normalised: 0.1}, derain: keep-all}"))
    assert config.tau == {"PIPAL": Tau(own=100), "KADID-10k": Tau(normalised=0.1), "derain": Tau()}
    assert [tau.keeps_all for tau in config.tau.values()] == [False, False, True]


@pytest.mark.parametrize(
    "value", [{"own": 1, "normalised": 0.1}, {"own": 0}, {"own": math.inf}, {"share": 1}, "all", 0.1]
)
def test_yaml_that_is_no_tau(value):
    with pytest.raises(ValidationError):
        Tau.model_validate(value)


def test_the_own_scale_is_reached_from_each():
    assert Tau(own=100).on_own_scale(None, "s") == 100
    assert Tau(normalised=0.25).on_own_scale(8.0, "s") == 2
    assert Tau().on_own_scale(None, "s") == math.inf
    for spread in (None, 0.0):
        with pytest.raises(UserError, match="s: a normalised tau needs the spread"):
            Tau(normalised=0.25).on_own_scale(spread, "s")
