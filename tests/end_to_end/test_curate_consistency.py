"""`fgresq curate consistency` as people run it, and on the votes of two real studies."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.end_to_end.command import inside, run
from tests.unit.writers import another_writer

from fgresq.manifest import Manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

EXAMPLE = Path(__file__).parents[2] / "examples" / "consistency_votes.py"
WRITTEN = {"consistency.png", "consistency.svg", "bins.csv", "points.csv", "inconsistent_pairs.csv"}


def votes_csv(path: Path, sources: tuple[str, ...]) -> pl.DataFrame:
    """People who err the more, the closer the scores: the chance to prefer the better is 1 / (1 + exp(-40 d))."""
    generator = np.random.default_rng(2)
    rows = []
    for source in sources:
        for content in range(10):
            mos = generator.uniform(0, 5, 8).round(2)
            for a in range(8):
                for b in range(a):
                    p = 1 / (1 + np.exp(-8 * (mos[a] - mos[b])))
                    votes = generator.multinomial(5, [0.9 * p, 0.1, 0.9 * (1 - p)])
                    names = f"{content}-{a}", f"{content}-{b}"
                    for preference, count in zip(("A", "equal", "B"), votes, strict=True):
                        if count:
                            rows.append((*names, preference, mos[a], mos[b], count, source, f"c{content}"))
    columns = ["image_a", "image_b", "preference", "mos_a", "mos_b", "votes", "source", "content"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    table.write_csv(path)
    return table


def test_a_csv_of_votes(tmp_path: Path) -> None:
    table = votes_csv(tmp_path / "votes.csv", ("first", "second"))
    out = tmp_path / "new" / "folder"
    done = run("curate", "consistency", tmp_path / "votes.csv", "--out", out)
    assert {path.name for path in out.iterdir()} == WRITTEN
    assert "all sources: 560 pairs" in done.stdout
    assert "first: 280 pairs" in done.stdout
    bins = pl.read_csv(out / "bins.csv")
    assert bins["name"].unique(maintain_order=True).to_list() == ["all sources", "first", "second"]
    whole = bins.filter(name="all sources", bin="all").row(0, named=True)
    assert whole["contents_low"] < whole["rate"] < whole["contents_high"]
    # The same by hand, from the CSV.
    sign = pl.col("votes") * pl.col("preference").replace_strict({"A": 1, "equal": 0, "B": -1})
    pairs = table.group_by("source", "image_a", "image_b").agg(pl.col("mos_a", "mos_b").first(), lead=sign.sum())
    difference = pl.col("mos_a") - pl.col("mos_b")
    against = pairs.filter(difference * pl.col("lead") < 0)
    assert whole["inconsistent"] == against.height == pl.read_csv(out / "inconsistent_pairs.csv").height
    assert whole["judged_equal"] == pairs.filter(lead=0).height
    rates = bins.filter(name="all sources").drop_nulls("above")["rate"].drop_nulls().to_list()
    assert rates[1] > 0.2
    assert rates[-1] == 0
    again = inside("curate", "consistency", tmp_path / "votes.csv", "--out", tmp_path / "again")
    assert (tmp_path / "again" / "bins.csv").read_bytes() == (out / "bins.csv").read_bytes()
    assert again.stderr == ""


def test_a_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    images = [
        ImageRecord(
            f"{c}{k}", f"{c}{k}.png", "src", RestorationTask.DEBLURRING, c, f"x{k}", None if k == 3 else float(k)
        )
        for c in "cd"
        for k in range(4)
    ]
    pairs = [
        Pair(f"{c}{a}", f"{c}{b}", judged)
        for c, judged in (("c", Preference.B), ("d", Preference.A))
        for a in range(4)
        for b in range(a + 1, 4)
    ]
    write_manifest(Manifest(folder, tuple(images), tuple(pairs), {}))
    printed = inside("curate", "consistency", folder, "--out", tmp_path / "out", "--spread", "src=4").stdout
    assert "12 pairs" in printed
    assert "6 compared; 6 lack a score, 0 more a preference; 0 judged equal" in printed
    bins = pl.read_csv(tmp_path / "out" / "bins.csv")
    assert bins.filter(bin="all").select("pairs", "inconsistent", "rate").row(0) == (6, 3, 0.5)
    assert bins.filter(bin="0.3 to 0.5")["pairs"].item() == 2  # 0 and 2, 2 / 4 apart; 1 / 4 is in the bin below
    assert bins.filter(bin="0.2 to 0.3")["pairs"].item() == 4


def test_a_source_whose_scores_are_all_equal(tmp_path: Path) -> None:
    (tmp_path / "same.csv").write_text("image_a,image_b,preference,mos_a,mos_b\na,b,A,3,3\na,c,B,3,3\n")
    printed = inside("curate", "consistency", tmp_path / "same.csv", "--out", tmp_path / "out").stdout
    assert "2 compared; 0 lack a score, 0 more a preference; 0 judged equal" in printed
    bins = pl.read_csv(tmp_path / "out" / "bins.csv")
    assert bins.select("bin", "pairs", "rate").rows()[:2] == [("all", 2, 0.5), ("equal scores", 2, None)]


def test_mistakes_in_the_request(tmp_path: Path) -> None:
    def said(*arguments: object) -> str:
        return inside("curate", "consistency", *arguments, code=2).stderr

    votes = tmp_path / "v.csv"
    votes_csv(votes, ("first",))
    out = tmp_path / "out"
    assert "--spread src=0: SOURCE=VALUE is needed" in said(votes, "--out", out, "--spread", "src=0")
    assert "no such source here; there is first" in said(votes, "--out", out, "--spread", "src=3")
    (tmp_path / "file").touch()
    assert "can't be made" in said(votes, "--out", tmp_path / "file")
    with another_writer(tmp_path / "taken") as process:
        assert f"taken: process {process.pid} writes here since" in said(votes, "--out", tmp_path / "taken")
    assert "can't be read as CSV" in said(tmp_path / "absent.csv", "--out", out)
    (tmp_path / "bare.csv").write_text("image_a,image_b,preference,mos_a,mos_b\na,b,A,,\nc,d,,1,2\n")
    assert "bare.csv: no pair has both a preference and two scores" in said(tmp_path / "bare.csv", "--out", out)
    assert not out.exists()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("study", "pairs", "equal", "inconsistent"), [("pcuid", 44_850, 1_134, 3_714), ("ganrest", 384, 10, 12)]
)
def test_real_studies(shared: Path, tmp_path: Path, study: str, pairs: int, equal: int, inconsistent: int) -> None:
    votes = tmp_path / f"{study}.csv"
    subprocess.run([sys.executable, EXAMPLE, study, shared / "data" / study, votes], check=True, capture_output=True)
    inside("curate", "consistency", votes, "--out", tmp_path / "out")
    bins = pl.read_csv(tmp_path / "out" / "bins.csv")
    whole = bins.filter(bin="all").row(0, named=True)
    assert (whole["pairs"], whole["judged_equal"], whole["inconsistent"]) == (pairs, equal, inconsistent)
    # The paper's finding: the closer the scores, the more often people disagree with them.
    rates = bins.filter(pl.col("bin") != "all")["rate"].drop_nulls().to_list()
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 0.35  # of 0.5 by chance
    assert rates[-1] == 0


@pytest.mark.shared
def test_the_mos_of_pcuid_is_its_share_of_won_pairs(shared: Path, tmp_path: Path) -> None:
    """So its consistency is that of one study with itself, as the documentation says."""
    votes = tmp_path / "pcuid.csv"
    subprocess.run(
        [sys.executable, EXAMPLE, "pcuid", shared / "data" / "pcuid", votes], check=True, capture_output=True
    )
    table = pl.read_csv(votes)
    won = {"A": 1.0, "equal": 0.5, "B": 0.0}
    sides = [
        table.select(image=f"image_{side}", mos=f"mos_{side}", won=pl.col("preference").replace_strict(won))
        for side in "ab"
    ]
    sides[1] = sides[1].with_columns(won=1 - pl.col("won"))
    images = pl.concat(sides).group_by("image").agg(pl.col("mos").first(), pl.col("won").sum())
    np.testing.assert_allclose(images["mos"], images["won"] / 2.99, rtol=0, atol=1e-9)
