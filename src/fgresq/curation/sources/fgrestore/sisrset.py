"""SISRSet: super-resolved images. Its layout isn't known here, so it is read from a CSV."""

from fgresq.curation.sources.declaration import Expected, Labels, Purpose, Source
from fgresq.records import RestorationTask

SISRSET = Source(
    name="SISRSet",
    title="Single-image super-resolution, scored by pairwise comparison",
    purpose=Purpose.FGRESTORE,
    citation="Shi, Wan, Wu, Xie, Dong and Wu, SISRSet: Single image super-resolution subjective evaluation test and "
    "objective quality assessment, Neurocomputing 360, 2019, 37-51",
    labels=Labels(kind="MOS from pairwise comparison"),
    expected=Expected(images=260, algorithms=8, tasks={RestorationTask.SUPER_RESOLUTION: 260}),
    notes=("Layout, direction and range of the labels aren't known here.",),
)
