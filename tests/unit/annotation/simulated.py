"""Answers of made-up annotators, without a database: a table with the columns that quality figures need."""

from itertools import combinations

import numpy as np
import polars as pl

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.protocol.groups import JudgedPair
from fgresq.annotation.protocol.trials import TrialKind, trials_of

DESIGN = StudyDesign(seed=1, groups=1, repeats=0.1, swapped_repeats=0.1)


def simulate(people, contents=6, algorithms=7, seed=0, design=DESIGN):
    """`people` maps a name to a function (generator, difference of A and B, left is A) -> choice, milliseconds."""
    generator = np.random.default_rng(seed)
    strengths = generator.normal(0, 1.5, (contents, algorithms))
    images = [(c, a, b) for c in range(contents) for a, b in combinations(range(algorithms), 2)]
    pairs = [JudgedPair(number, f"c{c}") for number, (c, _, _) in enumerate(images)]
    training = range(len(images), len(images) + 6)
    rows = []
    for person, chooses in people.items():
        for trial in trials_of(design, person, pairs, training):
            known = "B" if trial.kind == TrialKind.TRAINING else None
            content, a, b = images[trial.pair] if known is None else (0, 0, 0)
            difference = -3.0 if known else strengths[content, a] - strengths[content, b]
            choice, elapsed = chooses(generator, difference, trial.a_on_left)
            said = "equal" if choice == "equal" else "A" if (choice == "left") == trial.a_on_left else "B"
            rows.append(
                {
                    **{"person": person, "team": 1, "withdrawn": False, "round": 1, "counts": True},
                    **{"kind": trial.kind.value, "pair": trial.pair, "content": f"c{content}"},
                    **{"image_a": f"c{content}-{a}", "image_b": f"c{content}-{b}", "known": known},
                    **{"a_on_left": trial.a_on_left, "choice": choice, "preference": said, "elapsed_ms": elapsed},
                }
            )
    return pl.DataFrame(rows, schema_overrides={"known": pl.String}, infer_schema_length=None)


def honest(generator, difference, a_on_left):
    """Sees the difference with noise; says equal where it seems small."""
    seen = difference + generator.normal(0, 0.7)
    elapsed = float(generator.lognormal(8, 0.3))  # about 3 s
    if abs(seen) < 0.3:
        return "equal", elapsed
    return ("left" if (seen > 0) == a_on_left else "right"), elapsed


def by_lot(generator, difference, a_on_left):
    return ("left", "right")[generator.integers(2)], float(generator.lognormal(8, 0.3))


def always_left(generator, difference, a_on_left):
    return "left", float(generator.lognormal(8, 0.3))


def in_a_hurry(generator, difference, a_on_left):
    return honest(generator, difference, a_on_left)[0], 350.0


def the_wrong_way(generator, difference, a_on_left):
    return honest(generator, -difference, a_on_left)
