"""Sums of other metrics; `fgresq.metrics.composites` has the formulas, and `engine_name` is the name there."""

from fgresq.metrics.base import MetricCard

CARDS = (
    MetricCard(
        name="ntire-sr",
        title="NTIRE SR (perceptual)",
        full_reference=True,
        higher_is_better=True,
        lowest=None,
        highest=None,
        engine="composite",
        engine_name="ntire-sr",
        licence="Apache-2.0 (the sum alone; each part has its own)",
        least_side=31,
        notes=(
            "(1 - LPIPS) + (1 - DISTS) + CLIP-IQA + MANIQA + MUSIQ / 100 + max(0, (10 - NIQE) / 10), on whole pictures "
            "in RGB.",
            "An image that lacks a part has no value; the challenge's own script counts the part as 0.",
            "NIQE is this catalogue's, with the authors' model; the challenge computes pyiqa's.",
        ),
        citation="Z. Chen and others, 'NTIRE 2025 challenge on image super-resolution (x4): methods and results' (its "
        "perceptual track), CVPR Workshops 2025",
    ),
)
