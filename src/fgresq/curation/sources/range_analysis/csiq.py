"""CSIQ: six distortions in up to five levels."""

from fgresq.curation.sources.declaration import Expected, Found, Labels, Purpose, Source
from fgresq.curation.sources.label_files import as_number, excel_rows
from fgresq.curation.sources.reading import Entry, Reading
from fgresq.curation.sources.tree import Tree

_LABELS = "csiq.DMOS.xlsx"
_COLUMNS = ("image", "dst_type", "dst_lev", "dmos")
_FILE_TYPES = {  # how the labels call a distortion, and how files and folders do
    "noise": "AWGN",
    "awgn": "AWGN",
    "blur": "BLUR",
    "contrast": "contrast",
    "fnoise": "fnoise",
    "jpeg": "JPEG",
    "jpeg 2000": "jpeg2000",
}


def _read(tree: Tree) -> Reading:
    reading = Reading()
    file = tree.find(_LABELS)
    if file is None:
        reading.missing.append(_LABELS)
        return reading
    for row in excel_rows(tree.path(file), "all_by_image", 4, _COLUMNS):
        image = _as_text(row["image"])
        level, kind = _as_text(row["dst_lev"]), _FILE_TYPES.get(str(row["dst_type"]).strip().lower())
        if kind is None:
            reading.wrong.append(f"{_LABELS}: {image} has the unknown distortion {row['dst_type']!r}")
            continue
        reading.add(
            Entry(
                path=f"dst_imgs/{kind}/{image}.{kind}.{level}.png",
                content=image,
                algorithm=f"{kind}.{level}",
                label=as_number(str(row["dmos"])),
                reference=f"src_imgs/{image}.png",
            )
        )
    return reading


def _as_text(cell: object) -> str:
    """A cell as it stands in file names: Excel keeps 1600 and 1 as floating-point numbers."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


CSIQ = Source(
    name="CSIQ",
    title="Categorical subjective image quality",
    purpose=Purpose.RANGE_ANALYSIS,
    home_page="https://s2.smu.edu/~eclarson/csiq.html",
    citation="Larson and Chandler, Most apparent distortion: full-reference image quality assessment and the role of "
    "strategy, Journal of Electronic Imaging 19(1), 2010",
    labels=Labels(kind="DMOS", higher_is_better=False, low=0.0, high=1.0, turned_at=1.0),
    expected=Expected(images=866, contents=30, references=30),
    layout="""\
src_imgs/1600.png
dst_imgs/AWGN/1600.AWGN.1.png     and BLUR, contrast, fnoise, JPEG, jpeg2000; case doesn't matter
csiq.DMOS.xlsx                    sheet all_by_image, header in row 4: image, dst_type, dst_lev, dmos""",
    found=Found(
        content="column image",
        task="none: range analysis only",
        algorithm="distortion and level, such as AWGN.1",
        label="column dmos, as 1 - dmos",
        reference="src_imgs/1600.png",
    ),
    read=_read,
)
