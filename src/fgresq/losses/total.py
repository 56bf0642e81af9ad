"""The objective of stage 2 (eq. 9)."""

from jaxtyping import Float
from torch import Tensor

SCENE_WEIGHT = 5.0
RANK_WEIGHT = 1.0


def total(
    scene: Float[Tensor, ""],
    rank: Float[Tensor, ""],
    *,
    scene_weight: float = SCENE_WEIGHT,
    rank_weight: float = RANK_WEIGHT,
) -> Float[Tensor, ""]:
    """L = lambda_1 L_scene + lambda_2 L_rank.

    Args:
        scene: from `scene_fidelity`.
        rank: from `binary_ranking` or `three_class_ranking`.
        scene_weight: lambda_1, 5 in the paper.
        rank_weight: lambda_2, 1 in the paper.

    Returns:
        The sum.

    Reference: FGResQ, eq. 9.
    """
    return scene_weight * scene + rank_weight * rank
