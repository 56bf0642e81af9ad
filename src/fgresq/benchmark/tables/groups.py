"""How the images of a table fall into its groups: by task, and by range of normalised MOS."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fgresq.benchmark.tables.labels import Floats, Labels
from fgresq.records import RestorationTask

# The order of the paper's Table 3.
TASKS = (
    RestorationTask.DEBLURRING,
    RestorationTask.DENOISING,
    RestorationTask.DERAINING,
    RestorationTask.DEHAZING,
    RestorationTask.MIXTURE,
    RestorationTask.SUPER_RESOLUTION,
)

# Of the paper's Tables 2 and S2 to S14; the last one holds both its ends.
RANGES = ("[0.0, 0.2)", "[0.2, 0.4)", "[0.4, 0.6)", "[0.6, 0.8)", "[0.8, 1.0]")
OVERALL = "Overall"

_EDGES = np.array([0.2, 0.4, 0.6, 0.8])
_DIGITS = 9

Numbers = NDArray[np.int64]


def normalised(mos: Floats) -> Floats:
    """MOS brought to [0, 1]: (x - min) / (max - min), rounded to nine digits.

    Without the rounding, 1.8 on a scale from 1 to 5 would be 0.19999999999999996 and fall under 0.2.

    Args:
        mos: of one source; not all equal.
    """
    low = mos.min()
    values: Floats = np.round((mos - low) / (mos.max() - low), _DIGITS)
    return values


def by_source(labels: Labels, images: Numbers) -> tuple[Numbers, ...]:
    """Some images, those of each source apart."""
    source = np.array([labels.source[n] for n in images])
    return tuple(images[source == name] for name in sorted(set(source.tolist())))


def images_of_task(labels: Labels, task: RestorationTask) -> Numbers:
    """Numbers of the images of a task that have a MOS."""
    return np.array(
        [n for n, of in enumerate(labels.task) if of is task and np.isfinite(labels.mos[n])], dtype=np.int64
    )


def pairs_of_task(labels: Labels, task: RestorationTask) -> Numbers:
    """Numbers of the pairs of a task."""
    return np.array([n for n, a in enumerate(labels.pairs[:, 0]) if labels.task[a] is task], dtype=np.int64)


def images_of_ranges(labels: Labels, source: str) -> Mapping[str, Numbers]:
    """Numbers of a source's images with MOS, in each range and overall; all ranges are empty when all MOS are equal."""
    images = np.array(
        [n for n, of in enumerate(labels.source) if of == source and np.isfinite(labels.mos[n])], np.int64
    )
    groups = dict.fromkeys(RANGES, np.empty(0, np.int64))
    if len(images) and np.ptp(labels.mos[images]) > 0:
        place = np.searchsorted(_EDGES, normalised(labels.mos[images]), side="right")
        groups = {name: images[place == number] for number, name in enumerate(RANGES)}
    return {**groups, OVERALL: images}
