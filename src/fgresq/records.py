"""The nouns that every stage shares."""

from dataclasses import dataclass
from enum import StrEnum


class Preference(StrEnum):
    """Which of two images looks better."""

    A = "A"
    B = "B"
    EQUAL = "equal"


class RestorationTask(StrEnum):
    """What the restoration was asked to undo (the paper's six tasks)."""

    SUPER_RESOLUTION = "SuperResolution"
    DEBLURRING = "Deblurring"
    DENOISING = "Denoising"
    DERAINING = "Deraining"
    DEHAZING = "Dehazing"
    MIXTURE = "MixtureRestoration"


class Split(StrEnum):
    """Which side of a training protocol a pair or an image stands on; VALIDATION chooses the best epoch."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One restored image.

    Attributes:
        image_id: unique in its manifest.
        path: of the file; relative to the manifest's folder, or absolute.
        source: the data set that the image and its MOS come from; scores are comparable within a source only.
        task: what the restoration was asked to undo; None where the image restores nothing: it can be benchmarked, not
            trained on.
        content: the scene depicted; unique across sources.
        algorithm: what made the image.
        mos: mean opinion score on the source's own scale, higher is better; None when unknown.
        reference: path of the pristine image, like `path`; None when there is none.
        scale: the magnification, where votes were within one; None elsewhere.
    """

    image_id: str
    path: str
    source: str
    task: RestorationTask | None
    content: str
    algorithm: str
    mos: float | None = None
    reference: str | None = None
    scale: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images of the same content, and which looks better.

    Their tasks may differ; where pairs are counted by task, a pair counts under that of A.

    Attributes:
        image_a, image_b: identities of the images.
        preference: of people, or of what stands in for them; None when not judged.
    """

    image_a: str
    image_b: str
    preference: Preference | None = None
