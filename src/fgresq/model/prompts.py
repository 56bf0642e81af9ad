"""How what is known of the degradation enters the quality features (paper, eq. 5)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class DegradationPrompt(nn.Module):
    """F_p = MLP_1(softmax(MLP_2(F_d)) * p).

    MLP_2 is `task_mlp`, MLP_1 is `prompt_mlp` (one linear layer in the released weights) and p is `prompt`.

    Only `prompt_mlp` starts at zero, so that training begins from the general features alone. The released
    initialisation zeroes `task_mlp` too; then SiLU(0) = 0 keeps its gradient at exactly zero for ever and F_p never
    depends on the image.

    Args:
        degradation_dim: length of the degradation feature F_d.
        feature_dim: length of the general feature F_g, and so of F_p.
    """

    def __init__(self, degradation_dim: int, feature_dim: int) -> None:
        super().__init__()
        self.task_mlp = nn.Sequential(
            nn.Linear(degradation_dim, feature_dim),
            nn.SiLU(),
            nn.Linear(feature_dim, feature_dim),
        )
        self.prompt = nn.Parameter(torch.randn(1, feature_dim))
        self.prompt_mlp = nn.Linear(feature_dim, feature_dim)
        nn.init.zeros_(self.prompt_mlp.weight)
        nn.init.zeros_(self.prompt_mlp.bias)

    def forward(self, degradation: Float[Tensor, "b d"]) -> Float[Tensor, "b f"]:
        """Degradation features F_d to quality-aware features F_p."""
        weights = torch.softmax(self.task_mlp(degradation), dim=-1)
        prompt: Tensor = self.prompt_mlp(weights * self.prompt)
        return prompt
