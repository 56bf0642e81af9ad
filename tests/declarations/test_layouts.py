"""Copies laid out as documented are read whole, and everything that is amiss in one is named."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.io import loadmat, savemat
from tests.declarations.copies import (
    REALSRQ_METHODS,
    WRITERS,
    made_up,
    pipal_labels,
    write_copy,
    write_exbedde,
    write_kadid,
    write_pipal,
)

from fgresq.curation.sources import Scan, find_source, scan
from fgresq.curation.tables import IMAGE_TYPES
from fgresq.errors import LayoutError, UserError


def scanned(name: str, root: Path) -> Scan:
    return scan(find_source(name), root)


def row_of(found: Scan, end: str) -> dict[str, object]:
    (row,) = found.images.filter(pl.col("image_id").str.ends_with(end)).to_dicts()
    return row


@pytest.mark.parametrize("name", WRITERS)
def test_a_complete_copy_is_complete(name: str, complete: Callable[[str], Scan]) -> None:
    found = complete(name)
    assert (found.missing, found.wrong, found.unlabelled) == ((), (), ())
    assert [count for count in found.counts if count.differs] == []
    assert found.complete
    assert dict(found.images.schema) == IMAGE_TYPES
    assert found.images["image_id"].is_unique().all()
    assert found.images["content"].str.starts_with(f"{name}/").all()
    assert all(Path(path).is_file() for path in found.images["path"])
    assert all(Path(path).is_file() for path in found.images["reference"].drop_nulls())


# What one image of each source must come out as: made by hand from the documented layout.
@pytest.mark.parametrize(
    ("name", "end", "expected"),
    [
        (
            "PIPAL",
            "/A0007_04_12.bmp",
            ("Denoising", "A0007", "04_12", made_up("A0007_04_12.bmp", 916.8, 1835.9), "Train_Ref/A0007.bmp", None),
        ),
        ("PIPAL", "/A0007_05_00.bmp", ("MixtureRestoration", "A0007", "05_00", None, "Train_Ref/A0007.bmp", None)),
        ("PIPAL", "/A0007_02_09.bmp", ("SuperResolution", "A0007", "02_09", None, "Train_Ref/A0007.bmp", None)),
        ("PIPAL", "/A0007_06_26.bmp", (None, "A0007", "06_26", None, "Train_Ref/A0007.bmp", None)),
        (
            "KADID-10k",
            "/I09_15_02.png",
            ("Denoising", "I09", "15_02", made_up("I09_15_02.png", 1, 4.93), "images/I09.png", None),
        ),
        ("KADID-10k", "/I09_14_02.png", (None, "I09", "14_02", None, "images/I09.png", None)),
        (
            "QADS",
            "/img03_4_M7.png",
            ("SuperResolution", "img03", "M7", made_up("img03_4_M7.png", 0, 1), "source_images/img03.bmp", None),
        ),
        (
            "RealSRQ",
            "/People_010_LR3_VDSR.png",
            (
                "SuperResolution",
                "People_010",
                "VDSR",
                made_up("People_010_LR3_VDSR.png", -3, 3),
                "HR_LR_pairs/People/People_HR/People_010_HR.png",
                "x3",
            ),
        ),
        ("IVIPC-DQA", "/GMM/17_GMM.png", ("Deraining", "017", "GMM", made_up("17GMM", 5.6, 147), None, None)),
        (
            "exBeDDE",
            "/tianjing_3_CAP.png",
            ("Dehazing", "tianjing_3", "CAP", 1.0001 - made_up("tianjing_3_CAP.png", 0, 1), None, None),
        ),
        (
            "TID2013",
            "/i05_09_4.bmp",
            (None, "i05", "09_4", made_up("i05_09_4.bmp", 0.25, 7.2), "reference_images/I05.BMP", None),
        ),
        ("TID2013", "/I05_09_3.BMP", (None, "i05", "09_3", None, "reference_images/I05.BMP", None)),
        (
            "CSIQ",
            "/img7.jpeg2000.2.png",
            (None, "img7", "jpeg2000.2", 1 - made_up("img7.jpeg2000.2.png", 0, 1), "src_imgs/img7.png", None),
        ),
        (
            "LIVE",
            "gblur/img100.bmp",
            (None, "photo13", "gblur", 100 - made_up("gblur/img100.bmp", -2.6, 111.7), "refimgs/photo13.bmp", None),
        ),
        ("VCL@FER", "/IMG_23_JPG_6.jpg", (None, "IMG_23", "JPG_6", None, "vcl_fer/IMG_23.bmp", None)),
    ],
)
def test_each_field_is_found(
    name: str,
    end: str,
    expected: tuple[str | None, str, str, float | None, str | None, str | None],
    complete: Callable[[str], Scan],
    copies: Mapping[str, Path],
) -> None:
    row = row_of(complete(name), end)
    task, content, algorithm, mos, reference, scale = expected
    assert (row["task"], row["algorithm"], row["scale"]) == (task, algorithm, scale)
    assert (row["content"], row["source"]) == (f"{name}/{content}", name)
    assert row["reference"] == (None if reference is None else str(copies[name] / reference))
    if mos is not None:
        assert row["mos"] == pytest.approx(mos, abs=1e-12)


def test_columns_of_realsrq_are_scales_and_methods(complete: Callable[[str], Scan], copies: Mapping[str, Path]) -> None:
    images = complete("RealSRQ").images
    for scale, methods in REALSRQ_METHODS.items():
        of_scale = images.filter(scale=f"x{scale}")
        assert of_scale["algorithm"].unique(maintain_order=True).to_list() == methods
        assert of_scale.height == 60 * len(methods)
    scores = loadmat(copies["RealSRQ"] / "subj_BT_score.mat")["score_matrix"]
    assert images["mos"].to_list() == scores.ravel().tolist()


def test_pooled_folders_of_pipal_are_found_wherever_they_are(tmp_path: Path) -> None:
    write_pipal(tmp_path, pipal_labels(contents=2))
    pooled = tmp_path / "all" / "images"
    pooled.mkdir(parents=True)
    for number in range(1, 5):
        for image in (tmp_path / f"Distortion_{number}").iterdir():
            image.rename(pooled / image.name)
    found = scanned("PIPAL", tmp_path)
    assert found.images.height == 232
    assert found.missing == ()


def test_a_linked_folder_is_followed_and_a_loop_ends(tmp_path: Path) -> None:
    write_pipal(tmp_path / "there", pipal_labels(contents=1))
    (tmp_path / "copy").mkdir()
    for folder in (tmp_path / "there").iterdir():
        (tmp_path / "copy" / folder.name).symlink_to(folder)
    (tmp_path / "there" / "Train_Ref" / "back").symlink_to(tmp_path / "there")
    assert scanned("PIPAL", tmp_path / "copy").images.height == 116


# What is taken away from a complete copy, and the name under which it is missed.
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("KADID-10k", "dmos.csv"),
        ("QADS", "super-resolved_images/img20_4_M14.png"),
        ("QADS", "mos_with_names.txt"),
        ("RealSRQ", "SR_results/Text_SR/Text_LR4_SR/010/Text_010_LR4_VDSR.png"),
        ("RealSRQ", "subj_BT_score.mat"),
        ("IVIPC-DQA", "realigned_mos.mat"),
        ("exBeDDE", "wuhan/wuhan_1/wuhan_1_AOD.png"),
        ("exBeDDE", "wuhan/wuhan_1/wuhan_1_scores.mat"),
        ("TID2013", "mos_with_names.txt"),
        ("CSIQ", "csiq.DMOS.xlsx"),
        ("LIVE", "refnames_all.mat"),
        ("LIVE", "dmos_realigned.mat"),
        ("LIVE", "wn/img174.bmp"),
        ("VCL@FER", "vcl_fer/IMG_01_JPG_6.jpg"),
    ],
)
def test_a_missing_file_is_named(name: str, file: str, copies: Mapping[str, Path], tmp_path: Path) -> None:
    away = tmp_path / "away"
    (copies[name] / file).rename(away)
    try:
        found = scanned(name, copies[name])
    finally:
        away.rename(copies[name] / file)
    assert found.missing == (file,)
    assert not found.complete
    assert any(count.differs for count in found.counts)


def test_a_missing_reference_is_named_once_and_its_images_stay(copies: Mapping[str, Path], tmp_path: Path) -> None:
    away, reference = tmp_path / "away", copies["TID2013"] / "reference_images" / "I25.BMP"
    reference.rename(away)
    try:
        found = scanned("TID2013", copies["TID2013"])
    finally:
        away.rename(reference)
    assert found.missing == ("reference_images/i25.bmp",)
    assert found.images.height == 3_000
    assert found.images.filter(pl.col("reference").is_null())["content"].unique().to_list() == ["TID2013/i25"]


def test_a_missing_label_file_of_one_content_is_named(tmp_path: Path) -> None:
    write_pipal(tmp_path, pipal_labels(contents=3))
    (tmp_path / "Train_Label" / "A0002.txt").unlink()
    found = scanned("PIPAL", tmp_path)
    assert found.missing == ("Train_Label/A0002.txt",)
    assert found.images.height == 2 * 116
    assert len(found.unlabelled) == 116 + 1  # with its reference, which nothing speaks of now
    assert found.counts[0].found == 232


def test_a_missing_image_is_missed_by_name_wherever_it_may_be(tmp_path: Path) -> None:
    write_pipal(tmp_path, pipal_labels(contents=1))
    (file,) = tmp_path.rglob("A0001_03_05.bmp")
    file.unlink()
    (tmp_path / "Train_Ref" / "A0001.bmp").unlink()
    found = scanned("PIPAL", tmp_path)
    assert found.missing == ("A0001_03_05.bmp", "Train_Ref/A0001.bmp")
    assert found.labelled.height == 116  # its label is still known
    assert found.images.height == 115


def test_an_image_without_a_label_is_named_and_a_twin_is_wrong(tmp_path: Path) -> None:
    write_pipal(tmp_path, pipal_labels(contents=1))
    (tmp_path / "more").mkdir()
    image = (tmp_path / "Train_Ref" / "A0001.bmp").read_bytes()
    (tmp_path / "more" / "new.bmp").write_bytes(image)
    (tmp_path / "more" / "A0001_00_00.bmp").write_bytes(image)
    found = scanned("PIPAL", tmp_path)
    assert found.unlabelled == ("more/A0001_00_00.bmp", "more/new.bmp")
    assert len(found.wrong) == 1
    assert "A0001_00_00.bmp: is there 2 times: Distortion_1/A0001_00_00.bmp, more/A0001_00_00.bmp" in found.wrong[0]


def test_labels_that_cannot_be_used_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    write_kadid(tmp_path, [("I01_15_01.png", 4.0), ("I01_15_02.png", float("nan")), ("I01_15_03.png", 7.5)])
    with (tmp_path / "dmos.csv").open("a") as file:
        file.write("I01_15_01.png,I01.png,2.0,0.5\nnonsense.png,I01.png,2.0,0.5\nI01_15_03x.png,,,\n")
    found = scanned("KADID-10k", tmp_path)
    assert found.images.select("algorithm", "mos").rows() == [("15_01", 4.0), ("15_03", 7.5)]
    assert found.unlabelled == ("images/I01_15_02.png",)
    assert found.wrong == (
        "images/I01_15_02.png: its label is nan",
        "dmos.csv, line 6: 'nonsense.png' isn't a name like I01_01_01.png",
        "dmos.csv, line 7: 'I01_15_03x.png' isn't a name like I01_01_01.png",
        "images/I01_15_01.png: is labelled twice; the first label is used",
        "KADID-10k/images/I01_15_03.png: its MOS 7.5 lies outside the source's range, 1 to 4.93",
    )


def test_lines_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    write_copy("TID2013", tmp_path / "copy")
    labels = tmp_path / "copy" / "mos_with_names.txt"
    lines = labels.read_text().splitlines(keepends=True)
    labels.write_text("".join(["4.2\n", "high i01_01_2.bmp\n", "3.0 i99.bmp\n", "\n", *lines[2:]]))
    found = scanned("TID2013", tmp_path / "copy")
    assert found.images.height == 2_998
    assert len(found.wrong) == 3
    assert "line 1: '4.2' isn't a name and a label" in found.wrong[0]
    assert "line 2: 'high i01_01_2.bmp' isn't a name and a label" in found.wrong[1]
    assert "'i99.bmp' isn't a name like" in found.wrong[2]


def test_a_number_missing_among_derained_images_is_named(tmp_path: Path) -> None:
    root = write_copy("IVIPC-DQA", tmp_path / "copy")
    (root / "Data" / "GMM" / "17_GMM.png").unlink()
    (root / "Data" / "GMM" / "18_again.png").write_bytes((root / "Data" / "GMM" / "18_GMM.png").read_bytes())
    found = scanned("IVIPC-DQA", root)
    assert found.missing == ("Data/GMM/ (the image numbered 17)",)
    assert found.wrong == ("content 18 is there 2 times: Data/GMM/18_GMM.png, Data/GMM/18_again.png",)


def test_a_missing_method_leaves_the_columns_untold(tmp_path: Path) -> None:
    root = write_copy("IVIPC-DQA", tmp_path / "copy")
    (root / "Data" / "GMM").rename(root / "elsewhere")
    with pytest.raises(LayoutError, match=r"holds 5 folders of images \(DDN, DID, JORDER, RESCAN, UGSM\).*6"):
        scanned("IVIPC-DQA", root)


def test_nan_in_a_matrix_is_named(tmp_path: Path) -> None:
    root = write_copy("RealSRQ", tmp_path / "copy")
    scores = loadmat(root / "subj_BT_score.mat")["score_matrix"]
    scores[59, 26] = np.nan
    savemat(root / "subj_BT_score.mat", {"score_matrix": scores})
    found = scanned("RealSRQ", root)
    assert found.wrong == ("SR_results/Text_SR/Text_LR4_SR/010/Text_010_LR4_VDSR.png: its label is nan",)
    assert found.images.height == 1_619


@pytest.mark.parametrize(
    ("name", "file", "content", "complaint"),
    [
        (
            "KADID-10k",
            "dmos.csv",
            b"dist_img,dmos\nI01_01_01.png,3\n",
            "lacks the columns ref_img; found dist_img, dmos",
        ),
        ("KADID-10k", "dmos.csv", b"", "can't be read as CSV"),
        ("TID2013", "mos_with_names.txt", b"\xff\xfe\x00", "can't be read as text"),
        ("RealSRQ", "subj_BT_score.mat", b"not MATLAB", "can't be read as a MATLAB file"),
        ("IVIPC-DQA", "realigned_mos.mat", b"", "can't be read as a MATLAB file"),
        ("CSIQ", "csiq.DMOS.xlsx", b"not Excel", "can't be read as Excel"),
    ],
)
def test_a_label_file_that_is_something_else(
    name: str, file: str, content: bytes, complaint: str, copies: Mapping[str, Path]
) -> None:
    path = copies[name] / file
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        with pytest.raises(LayoutError, match=complaint) as raised:
            scanned(name, copies[name])
    finally:
        path.write_bytes(before)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"other": [1.0]}, "lacks the variables score_matrix; found other"),
        ({"score_matrix": np.zeros((60, 26))}, r"is of shape \(60, 26\); \(60, 27\) is needed"),
        ({"score_matrix": "words"}, "isn't numeric"),
    ],
)
def test_a_matrix_that_is_something_else(
    variables: dict[str, object], complaint: str, copies: Mapping[str, Path]
) -> None:
    path = copies["RealSRQ"] / "subj_BT_score.mat"
    before = path.read_bytes()
    savemat(path, variables)
    try:
        with pytest.raises(LayoutError, match=complaint):
            scanned("RealSRQ", copies["RealSRQ"])
    finally:
        path.write_bytes(before)


def test_a_struct_that_is_something_else(tmp_path: Path) -> None:
    write_exbedde(tmp_path)
    savemat(tmp_path / "beijing" / "beijing_1" / "beijing_1_scores.mat", {"imageScores": {"scores": [1.0]}})
    with pytest.raises(LayoutError, match="isn't a struct with image_names and scores"):
        scanned("exBeDDE", tmp_path)
    savemat(
        tmp_path / "beijing" / "beijing_1" / "beijing_1_scores.mat",
        {"imageScores": {"image_names": np.array(["a.png"], dtype=object), "scores": [1.0, 2.0]}},
    )
    with pytest.raises(LayoutError, match="has 1 names and 2 scores"):
        scanned("exBeDDE", tmp_path)


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_of_something_else(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(LayoutError, match=f"holds nothing of {name}; the folder is needed that holds"):
        scanned(name, tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        scanned(name, tmp_path / "absent")


@pytest.mark.parametrize("name", ["MDD13", "IVC-Dehazing", "SISRSet", "manifest"])
def test_a_folder_of_a_source_whose_layout_is_not_known(name: str, tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=f"{name}: the layout of a copy isn't known here; give a CSV"):
        scanned(name, tmp_path)
