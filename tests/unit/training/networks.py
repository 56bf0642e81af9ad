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
