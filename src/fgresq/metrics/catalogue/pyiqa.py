"""What all metrics have in common that pyiqa runs. Nothing of pyiqa is imported or copied."""

from fgresq.metrics.base import MetricCard

_CODE = "PolyForm-Noncommercial-1.0.0 (pyiqa)"
_WEIGHTS = "pyiqa fetches them from chaofengc/IQA-PyTorch-Weights on the Hugging Face hub{}."
# What that collection says of itself; of weights that it has from authors it asks to respect their own licence.
COLLECTION = "CC-BY-NC-SA-4.0, says the collection that pyiqa fetches them from"


def of_pyiqa(
    name: str,
    title: str,
    *,
    citation: str,
    higher_is_better: bool,
    span: tuple[float | None, float | None],
    full_reference: bool = False,
    model: str | None = None,
    authors_licence: str = "",
    weights: str | None = None,
    weights_from: str = _WEIGHTS,
    weights_beside: str = "",
    weights_in: tuple[str, ...] = (),
    least_side: int = 1,
    home_page: str = "",
    notes: tuple[str, ...] = (),
) -> MetricCard:
    """The card of a metric that pyiqa runs.

    Args:
        name, title, citation, higher_is_better, full_reference, weights_in, least_side, home_page, notes: as
            `MetricCard`.
        span: lowest and highest score; None where there is no end.
        model: pyiqa's name, if it is another one.
        authors_licence: of the authors' own code, where there is any.
        weights: licence of the weights; None where the metric has none.
        weights_from: where the weights come from.
        weights_beside: what else is fetched, and from where, if not all is in that collection.
    """
    return MetricCard(
        name=name,
        title=title,
        full_reference=full_reference,
        higher_is_better=higher_is_better,
        lowest=span[0],
        highest=span[1],
        engine="pyiqa",
        engine_name=model or name,
        licence=f"{_CODE}; the authors' own code: {authors_licence}" if authors_licence else _CODE,
        licence_of_parameters=weights,
        parameters_from=weights_from.format(f", and {weights_beside}" if weights_beside else "") if weights else "",
        weights_in=weights_in,
        least_side=least_side,
        home_page=home_page,
        notes=notes,
        citation=citation,
    )
