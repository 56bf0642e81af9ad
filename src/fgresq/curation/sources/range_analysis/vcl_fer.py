"""VCL@FER: four distortions in six levels. Its images are found; its label file isn't known here."""

import itertools

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree

_CONTENTS, _LEVELS = 23, 6
_SUFFIXES = {"AWGN": "bmp", "BLU": "bmp", "J2K": "bmp", "JPG": "jpg"}


def _read(tree: Tree) -> Reading:
    reading = Reading()
    for number, kind, level in itertools.product(range(1, _CONTENTS + 1), _SUFFIXES, range(1, _LEVELS + 1)):
        content = f"IMG_{number:02}"
        reading.add(
            Entry(
                path=f"vcl_fer/{content}_{kind}_{level}.{_SUFFIXES[kind]}",
                content=content,
                algorithm=f"{kind}_{level}",
                label=None,
                reference=f"vcl_fer/{content}.bmp",
            )
        )
    return reading


VCL_FER = Source(
    name="VCL@FER",
    title="VCL@FER image quality assessment database",
    purpose=Purpose.RANGE_ANALYSIS,
    home_page="https://www.vcl.fer.hr/quality/vclfer.html",
    citation="Zarić et al., VCL@FER Image Quality Assessment Database, Automatika 53(4), 2012, 344-354",
    labels=Labels(kind="MOS", higher_is_better=True, low=1.57, high=96.52),
    expected=Expected(images=552, contents=23, algorithms=24, references=23),
    layout="""\
vcl_fer/IMG_01.bmp              reference
vcl_fer/IMG_01_AWGN_1.bmp       and BLU, J2K; JPG as .jpg; levels 1 to 6""",
    found=Found(
        content="IMG_01, the start of the file name",
        task="none: range analysis only",
        algorithm="distortion and level, such as AWGN_1",
        label="the label file's name and form aren't known here: a CSV gives the labels",
        reference="vcl_fer/IMG_01.bmp",
    ),
    read=_read,
    notes=("From the folder, images have no label. Give a CSV to have them.",),
)
