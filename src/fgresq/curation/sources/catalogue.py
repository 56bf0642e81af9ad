"""All sources by name."""

from collections.abc import Iterable, Mapping

from fgresq.curation.sources.declaration import Expected, Labels, Purpose, Source
from fgresq.curation.sources.fgrestore.exbedde import EXBEDDE
from fgresq.curation.sources.fgrestore.ivc_dehazing import IVC_DEHAZING
from fgresq.curation.sources.fgrestore.ivipc_dqa import IVIPC_DQA
from fgresq.curation.sources.fgrestore.kadid10k import KADID_10K
from fgresq.curation.sources.fgrestore.mdd13 import MDD13
from fgresq.curation.sources.fgrestore.pipal import PIPAL
from fgresq.curation.sources.fgrestore.qads import QADS
from fgresq.curation.sources.fgrestore.realsrq import REALSRQ
from fgresq.curation.sources.fgrestore.sisrset import SISRSET
from fgresq.curation.sources.range_analysis.csiq import CSIQ
from fgresq.curation.sources.range_analysis.live import LIVE
from fgresq.curation.sources.range_analysis.tid2013 import TID2013
from fgresq.curation.sources.range_analysis.vcl_fer import VCL_FER
from fgresq.errors import UserError
from fgresq.names import nearest

MANIFEST = Source(
    name="manifest",
    title="any images, named in a CSV",
    purpose=Purpose.ANY,
    citation=None,
    labels=Labels(kind="what the CSV's column mos holds", higher_is_better=True),
    expected=Expected(),
    notes=("The CSV's column source names the data sets; tau is given for each of those names.",),
)


def by_name(sources: Iterable[Source]) -> Mapping[str, Source]:
    """A table of sources.

    Raises:
        ValueError: two sources have one name.
    """
    table: dict[str, Source] = {}
    for source in sources:
        if source.name in table:
            raise ValueError(f"two sources are called {source.name}")
        table[source.name] = source
    return table


SOURCES = by_name(
    (
        IVIPC_DQA,
        MDD13,
        IVC_DEHAZING,
        EXBEDDE,
        PIPAL,
        KADID_10K,
        QADS,
        REALSRQ,
        SISRSET,
        TID2013,
        CSIQ,
        LIVE,
        VCL_FER,
        MANIFEST,
    )
)


def find_source(name: str) -> Source:
    """The source of a name.

    Raises:
        UserError: there is none; the nearest names are listed.
    """
    if name not in SOURCES:
        raise UserError(f"no source is called {name!r}; {nearest(name, SOURCES)}")
    return SOURCES[name]
