"""FGResQ itself, with the weights that `fgresq.load` knows by name; `engine_name` is that name."""

from fgresq.metrics.base import MetricCard

_CITATION = (
    "X. Sheng, X. Pan, Z. Yang, P. Chen, L. Li, 'Fine-grained image quality assessment for perceptual image "
    "restoration', AAAI 2026"
)

CARDS = (
    MetricCard(
        name="fgresq",
        title="FGResQ",
        full_reference=False,
        higher_is_better=True,
        lowest=None,
        highest=None,
        engine="fgresq",
        engine_name="released",
        licence_of_parameters="not stated by the authors",
        parameters_from="The authors' weights: `fgresq weights fetch released`.",
        citation=_CITATION,
    ),
    MetricCard(
        name="fgresq-compact",
        title="FGResQ (compact)",
        full_reference=False,
        higher_is_better=True,
        lowest=None,
        highest=None,
        engine="fgresq",
        engine_name="compact",
        licence_of_parameters="Apache-2.0",
        notes=("Small weights of our own, trained on computed labels; not the paper's model.",),
        citation=_CITATION,
    ),
)
