"""TID2013: 24 distortions in 5 levels."""

import re

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import values_and_names
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree

_LABELS = "mos_with_names.txt"
_NAME = re.compile(r"(i\d\d)_(\d\d)_(\d)\.bmp", re.IGNORECASE)


def _read(tree: Tree) -> Reading:
    reading = Reading()
    for label, match in values_and_names(tree, _LABELS, _NAME, "i01_01_1.bmp", reading):
        reading.add(
            Entry(
                path=f"distorted_images/{match[0]}",
                content=match[1].lower(),
                algorithm=f"{match[2]}_{match[3]}",
                label=label,
                reference=f"reference_images/{match[1].lower()}.bmp",
            )
        )
    return reading


TID2013 = Source(
    name="TID2013",
    title="Tampere image database 2013",
    purpose=Purpose.RANGE_ANALYSIS,
    home_page="https://www.ponomarenko.info/tid2013.htm",
    citation="Ponomarenko et al., Image database TID2013: Peculiarities, results and perspectives, Signal Processing: "
    "Image Communication 30, 2015, 57-77",
    labels=Labels(kind="MOS", higher_is_better=True, low=0.24, high=7.21),
    expected=Expected(images=3_000, contents=25, algorithms=120, references=25),
    layout="""\
reference_images/i01.bmp            upper and lower case are mixed in copies; it doesn't matter
distorted_images/i01_01_1.bmp       reference_type_level
mos_with_names.txt                  lines of MOS and file name""",
    found=Found(
        content="i01, the start of the file name",
        task="none: range analysis only (type 9 is denoising)",
        algorithm="type and level, such as 09_3",
        label="mos_with_names.txt",
        reference="reference_images/i01.bmp",
    ),
    read=_read,
)
