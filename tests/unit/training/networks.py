"""Networks that a user might bring."""

import torch


class WithDropout(torch.nn.Module):
    """Batch normalisation and dropout: buffers and random numbers belong to the state as well."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 16, stride=16), torch.nn.BatchNorm2d(8), torch.nn.Dropout(0.3), torch.nn.ReLU()
        )
        self.head = torch.nn.Linear(8, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(images).mean(dim=(2, 3)))


class Dropped(torch.nn.Module):
    """Dropout without anything that looks at the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.Dropout(0.5), torch.nn.Linear(32, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class Breaking(torch.nn.Module):
    """Scores that are fine for a while, and then their value or their gradient isn't."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.at, self.what, self.calls = at, what, 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += self.training
        scores = images.mean(dim=(1, 2, 3)) * self.weight
        if self.calls < self.at or not self.training:
            return scores
        if self.what == "loss":
            return scores * torch.inf
        # 0 at 0, with an infinite slope there; the loss is finite.
        return scores + (scores - scores.detach()).sqrt()
