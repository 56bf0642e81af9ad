from pathlib import Path

import pytest

from fgresq.curation.sources import find_source, scan
from fgresq.errors import ManifestError

HEADER = "image_id,path,source,task,content,algorithm,mos,reference,scale\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png", "gt.png"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "images.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_rows_become_images_with_absolute_paths(folder):
    path = write(
        folder,
        f"i1,a.png,mine,Deraining,c1,net,3.5,gt.png,x2\ni2,{folder}/b.png,mine,Deraining,c1,old,,,",
    )
    found = scan(find_source("manifest"), path)
    assert found.complete
    gt = str(folder / "gt.png")
    assert found.images.rows() == [
        ("i1", str(folder / "a.png"), "mine", "Deraining", "c1", "net", 3.5, gt, "x2"),
        ("i2", str(folder / "b.png"), "mine", "Deraining", "c1", "old", None, None, None),
    ]


def test_scale_mos_and_reference_may_be_absent(folder):
    path = write(folder, "i1,a.png,mine,Deraining,c1,net", header="image_id,path,source,task,content,algorithm\n")
    assert scan(find_source("manifest"), path).images.select("mos", "reference", "scale").rows() == [(None, None, None)]


def test_missing_files_and_twins_are_named(folder):
    path = write(
        folder,
        "i1,a.png,mine,Deraining,c1,net,3.5,absent.png,",
        "i2,c.png,mine,Deraining,c1,old,1,gt.png,",
        "i3,a.png,mine,Deraining,c1,twin,1,absent.png,",
    )
    found = scan(find_source("manifest"), path)
    assert set(found.missing) == {str(folder / "c.png"), str(folder / "absent.png")}
    assert found.wrong == (f"{folder / 'a.png'}: is named twice; as i3 too",)
    assert found.images.select("image_id", "reference").rows() == [("i1", None), ("i3", None)]
    assert found.labelled.height == 3
    assert not found.complete


def test_a_declared_source_can_be_given_so(folder):
    path = write(folder, "i1,a.png,MDD13,Deblurring,c1,net,3.5,,", "i2,b.png,MDD13,Deblurring,c1,old,1,,")
    found = scan(find_source("MDD13"), path)
    assert [(count.what, count.found, count.expected) for count in found.counts if count.differs] == [
        ("images", 2, 1200),
        ("images of Deblurring", 2, 1200),
        ("algorithms", 2, 5),
    ]
    with pytest.raises(ManifestError, match="has rows of MDD13; all of them must be of SISRSet"):
        scan(find_source("SISRSet"), path)


def test_images_for_the_range_analysis_are_never_paired(folder):
    path = write(folder, "i1,a.png,VCL@FER,Denoising,c1,net,35,,")
    assert scan(find_source("VCL@FER"), path).images["task"].to_list() == [None]


def test_a_label_outside_the_declared_range_is_named(folder):
    path = write(folder, "i1,a.png,VCL@FER,Denoising,c1,net,350,,")
    found = scan(find_source("VCL@FER"), path)
    assert found.wrong == ("i1: its MOS 350 lies outside the source's range, 1.57 to 96.52",)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (["i1,a.png,mine,Painting,c1,net,1,,"], "'Painting' isn't a RestorationTask"),
        (["i1,a.png,mine,Deraining,c1,net,nan,,"], "mos is nan"),
        (["i1,a.png,mine,Deraining,c1,net,1,,"] * 2, "image identities that occur twice: i1"),
        (
            ["i1,a.png,mine,Deraining,c1,net,1,,", "i2,b.png,yours,Deraining,c1,net,1,,"],
            "contents that stand in two sources: c1",
        ),
        (["i1,,mine,Deraining,c1,net,1,,"], "path is empty"),
    ],
)
def test_rows_that_are_wrong(folder, rows, complaint):
    with pytest.raises(ManifestError, match=complaint):
        scan(find_source("manifest"), write(folder, *rows))


def test_a_csv_that_is_absent_or_lacks_a_column(folder):
    with pytest.raises(ManifestError, match=r"images\.csv: can't be read as CSV"):
        scan(find_source("manifest"), folder / "images.csv")
    path = write(folder, "i1,a.png", header="image_id,path\n")
    with pytest.raises(ManifestError, match="lacks the columns source, task, content, algorithm; found image_id, path"):
        scan(find_source("manifest"), path)
