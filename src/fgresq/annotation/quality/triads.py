"""Circular triads: A before B, B before C, and yet C before A.

Reference: M. G. Kendall, B. Babington Smith, "On the method of paired comparisons", Biometrika 31 (1940) 324-345.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from fgresq.annotation.quality.rate import Rate


def circular_triads(wins: Iterable[tuple[str, str, str]]) -> Rate:
    """Count the triads that one person judged in a circle.

    Of each content, with W[i, j] = 1 where i was preferred to j, and U = W + W^T: trace(W^3) / 3 of trace(U^3) / 6.
    Answers drawn by lot make every fourth triad circular.

    Args:
        wins: (content, preferred, other) of every pair that was decided, each pair once. Pairs judged equal belong to
            no triad here.

    Returns:
        Circular triads of all whose three pairs were decided.
    """
    contents: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for content, winner, loser in wins:
        contents[content].append((winner, loser))
    count = total = 0
    for won in contents.values():
        place = {name: index for index, name in enumerate({name: None for pair in won for name in pair})}
        matrix = np.zeros((len(place), len(place)))
        for winner, loser in won:
            matrix[place[winner], place[loser]] = 1
        both = matrix + matrix.T
        count += round(float(np.trace(matrix @ matrix @ matrix)) / 3)
        total += round(float(np.trace(both @ both @ both)) / 6)
    return Rate(count, total)
