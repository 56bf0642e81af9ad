import polars as pl
import pytest

from fgresq.errors import ManifestError
from fgresq.manifest import Manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask
from fgresq.report.consistency.votes import read_votes

HEADER = "image_a,image_b,preference,mos_a,mos_b"


def written(tmp_path, *rows, header=HEADER):
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_rows_of_the_same_images_are_votes_on_one_pair(tmp_path):
    path = written(
        tmp_path,
        "y,x,A,1,2,2,s,c",
        "x,y,A,2,1,1,s,c",
        "x,y,equal,2,1,3,s,c",
        "x,z,,2,,1,s,c",
        "y,x,B,1,2,1,other,d",
        header=HEADER + ",votes,source,content",
    )
    votes = read_votes(path)
    assert votes.pairs.rows() == [
        ("s", "c", "y", "x", 1.0, 2.0, 2.0, 3.0, 1.0),
        ("s", "c", "x", "z", 2.0, None, 0.0, 0.0, 0.0),
        ("other", "d", "y", "x", 1.0, 2.0, 0.0, 0.0, 1.0),
    ]
    assert votes.spreads == {"s": 1.0, "other": 1.0}


def test_without_the_optional_columns(tmp_path):
    votes = read_votes(written(tmp_path, "a,b,B,10,30", "a,c,A,10,10", "b,c,,30,10"))
    assert votes.pairs["source"].to_list() == ["votes"] * 3
    assert votes.pairs["content"].null_count() == 3
    assert votes.pairs.select("for_a", "equal", "for_b").rows() == [(0, 0, 1), (1, 0, 0), (0, 0, 0)]
    assert votes.spreads == {"votes": 20.0}


def test_a_source_whose_scores_do_not_differ_has_no_spread(tmp_path):
    assert read_votes(written(tmp_path, "a,b,B,10,10")).spreads == {}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,b,C,1,2", "a,c,A,1,2"], "preference must be A, B, equal or empty, in 1 rows: 1"),
        (["a,b,A,1,2", "a,b,A,1,3"], "several scores: b"),
        (["a,b,A,1,2", "b,a,A,,1"], "several scores: b"),
        (["a,a,A,1,1"], "paired with itself, in 1 rows: 1"),
        (["a,b,A,1,2", ",b,A,1,2"], "an image or its source is empty, in 1 rows: 2"),
        (["a,b,A,1,two"], "mos_b isn't a number, in 1 rows: 1"),
        (["a,b,A,nan,2"], "mos_a isn't a number, in 1 rows: 1"),
    ],
)
def test_rows_that_are_wrong_are_named(tmp_path, rows, said):
    with pytest.raises(ManifestError, match=said):
        read_votes(written(tmp_path, *rows))


@pytest.mark.parametrize("number", ["0", "1.5", "-2", ""])
def test_a_number_of_votes_that_is_none(tmp_path, number):
    with pytest.raises(ManifestError, match="votes must be a whole number from 1, in 1 rows: 1"):
        read_votes(written(tmp_path, f"a,b,A,1,2,{number}", header=HEADER + ",votes"))


def test_a_pair_of_two_contents(tmp_path):
    with pytest.raises(ManifestError, match="several contents, in 1 rows: 1"):
        read_votes(written(tmp_path, "a,b,A,1,2,c", "b,a,A,2,1,d", header=HEADER + ",content"))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ManifestError, match=r"lacks the columns mos_a, mos_b; found image_a"):
        read_votes(written(tmp_path, "a,b,A", header="image_a,image_b,preference"))
    with pytest.raises(ManifestError, match=r"neither a manifest's folder nor a \.csv"):
        read_votes(tmp_path / "votes.xlsx")
    with pytest.raises(ManifestError, match="can't be read as CSV"):
        read_votes(tmp_path / "absent.csv")
    with pytest.raises(ManifestError, match=r"holds no manifest\.json"):
        read_votes(tmp_path)


def test_a_manifest(tmp_path):
    def image(name, content, mos):
        return ImageRecord(name, f"{name}.png", "src", RestorationTask.DERAINING, content, "x", mos)

    images = (image("a", "c", 1.0), image("b", "c", 2.5), image("d", "k", None), image("e", "k", 4.0))
    pairs = (Pair("a", "b", Preference.B), Pair("b", "a", Preference.EQUAL), Pair("d", "e", Preference.A))
    write_manifest(Manifest(tmp_path, images, (*pairs, Pair("e", "d")), {}))
    for path in (tmp_path, tmp_path / "manifest.json"):
        votes = read_votes(path)
        assert votes.pairs.rows() == [
            ("src", "c", "a", "b", 1.0, 2.5, 0.0, 1.0, 1.0),
            ("src", "k", "d", "e", None, 4.0, 1.0, 0.0, 0.0),
        ]
        assert votes.spreads == {"src": 3.0}  # of all images: e has a score, though its pair has none


def test_many_rows_keep_their_order_and_numbers(tmp_path):
    rows = [f"i{k},j{k},{'AB'[k % 2]},{k},{k + 1}" for k in range(5000)]
    votes = read_votes(written(tmp_path, *rows))
    assert votes.pairs.select("image_a", "for_a").rows() == [(f"i{k}", float(k % 2 == 0)) for k in range(5000)]
    assert votes.pairs.schema["for_a"] == pl.Float64
