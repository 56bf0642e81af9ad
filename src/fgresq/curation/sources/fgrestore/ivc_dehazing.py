"""IVC-Dehazing: dehazed images. Its layout isn't known here, so it is read from a CSV."""

from fgresq.curation.sources.declaration import Expected, Labels, Purpose, Source
from fgresq.records import RestorationTask

IVC_DEHAZING = Source(
    name="IVC-Dehazing",
    title="Waterloo IVC dehazed images",
    purpose=Purpose.FGRESTORE,
    home_page="https://ivc.uwaterloo.ca/database/dehaze.html",
    citation="Ma, Liu and Wang, Perceptual evaluation of single image dehazing algorithms, ICIP 2015, 3600-3604",
    labels=Labels(kind="MOS from absolute category rating"),
    expected=Expected(images=200, contents=25, algorithms=8, tasks={RestorationTask.DEHAZING: 200}),
    notes=("Layout and range of the labels aren't known here. There are no clear references.",),
)
