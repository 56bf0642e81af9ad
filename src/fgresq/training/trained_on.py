"""What a network was trained on: counted by the samples that were used, not by what the manifest holds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from fgresq.seen import Seen


class TrainedOn(BaseModel):
    """For the header of the weights.

    Attributes:
        unit: what the samples are.
        trained: samples that it was trained on.
        chosen_by: samples that chose its epoch; 0 where the last was kept.
        tested: samples that were held out for the end.
        sources: of the samples that it was trained on, by name.
        labels: where these are from, as the manifest says.
        protocol: how the sides were drawn, in words.
        seen: which images those are that it was trained on or chosen by, and those of stage 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Literal["pairs", "images"]
    trained: int
    chosen_by: int
    tested: int
    sources: tuple[str, ...]
    labels: str
    protocol: str = ""
    seen: Seen

    @property
    def note(self) -> str:
        """One line for people."""
        chosen = f", {self.chosen_by:,} more chose the epoch" if self.chosen_by else ""
        return (
            f"trained by fgresq on {self.trained:,} {self.unit} of {', '.join(self.sources)}{chosen}, {self.tested:,} "
            f"were held out; labels: {self.labels}"
        )
