"""Tables as one HTML file that needs nothing beside it."""

from fgresq.report.benchmark.marks import (
    figure,
    groups,
    interval,
    kind,
    marks,
    number_in,
    published,
    remarks,
    rests_on_fewer,
    seen,
    warnings,
)
from fgresq.report.wording import visible_name
from fgresq.results import BenchmarkResult


def as_html(result: BenchmarkResult) -> str:
    """All tables of a result. Hover over a figure to see what it rests on, or why there is none."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only this form needs it

    environment = Environment(
        loader=PackageLoader("fgresq.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(visible=visible_name)
    return environment.get_template("benchmark_tables.html.j2").render(
        result=result,
        marks=marks,
        groups=groups,
        figure=figure,
        interval=interval,
        published=published,
        kind=kind,
        number_in=number_in,
        rests_on_fewer=rests_on_fewer,
        remarks=remarks,
        seen=seen,
        warnings=warnings,
    )
