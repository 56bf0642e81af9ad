"""Weibull distributions fitted by maximum likelihood, many blocks at once."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

PerBlock: TypeAlias = Float64[np.ndarray, " b"]

# Blocks are fitted in parts of about this many values, which stay in a processor's own cache.
_PART = 2**15
_STEPS = 100
# Newton's steps double the right digits: after a step of this share of the shape, its square is left.
_SMALL_STEP = 1e-6


def weibull_fit(blocks: Float64[np.ndarray, "b n"]) -> tuple[PerBlock, PerBlock]:
    """Scale and shape of every block's values.

    The shape k solves sum x^k ln x / sum x^k - mean ln x = 1 / k, by Newton's steps; the scale is (mean x^k)^(1/k).

    Args:
        blocks: values above 0.

    Returns:
        Scale and shape, one each a block; the shape of a block of one value is NaN.

    Reference: N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous Univariate Distributions" I, 1994, chapter 21.
    """
    together = max(1, _PART // blocks.shape[1])
    parts = [_fit(blocks[first : first + together]) for first in range(0, len(blocks), together)]
    scales, shapes = zip(*parts, strict=True)
    return np.concatenate(scales), np.concatenate(shapes)


def _fit(blocks: Float64[np.ndarray, "b n"]) -> tuple[PerBlock, PerBlock]:
    logs = np.log(blocks)
    largest = logs.max(axis=1)
    logs -= largest[:, np.newaxis]  # so that x^k is at most 1
    mean, spread = logs.mean(axis=1), logs.std(axis=1)
    shape = np.full(len(blocks), np.nan)
    np.divide(np.pi / np.sqrt(6), spread, out=shape, where=spread > 0)  # that of the moments of ln x
    powers = np.empty_like(logs)
    for _ in range(_STEPS):
        np.exp(np.multiply(logs, shape[:, np.newaxis], out=powers), out=powers)
        total = powers.sum(axis=1)
        powers *= logs
        first, second = powers.sum(axis=1) / total, np.einsum("bn,bn->b", powers, logs) / total
        step = (first - mean - 1 / shape) / (second - first**2 + shape**-2)
        before, shape = shape, np.maximum(shape - step, shape / 4)  # never to 0 or below
        if not (np.abs(step) > _SMALL_STEP * shape).any():
            break
    log_mean = np.log(total / blocks.shape[1]) + first * (shape - before)  # of x^k, k the last shape
    return np.exp(largest + log_mean / shape), shape
