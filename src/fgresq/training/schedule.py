"""The learning rate's way through training."""

import math


def cosine_share(step: int, steps: int, warmup: float, final: float) -> float:
    """Share of the peak rate at a step: a linear rise, then half a cosine.

    Args:
        step: from 0.
        steps: of the whole training.
        warmup: share of the steps in which the rate rises.
        final: share of the peak rate at the end.

    Returns:
        Between 0 and 1.
    """
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    return final + (1 - final) * (1 + math.cos(math.pi * min(1.0, done))) / 2
