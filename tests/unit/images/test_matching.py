"""Which names are taken for which content of which algorithm: many layouts as people's tools write them."""

import itertools

import pytest

from fgresq.errors import LayoutError, UserError
from fgresq.images.matching import (
    checkpoints_among,
    match_by_pattern,
    match_names,
    match_references,
    runs_among,
)

Table = dict[str, dict[str, str]]

SET5 = ("baby", "bird", "butterfly", "head", "woman")
DIV2K = ("0801", "0802", "0803")


def table(files: list[str], **settings: object) -> Table:
    found: Table = {}
    for file, place in zip(files, match_names(files, **settings).places, strict=True):  # type: ignore[arg-type]
        if place is not None:
            found.setdefault(place.algorithm, {})[place.content] = file
    return found


def each(*forms: str, of: tuple[str, ...] = SET5) -> list[str]:
    return [form.format(name) for form in forms for name in of]


# Files; the algorithms; the contents that all of them have.
LAYOUTS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "equal names": (each("A/{}.png", "B/{}.png"), ["A", "B"], list(SET5)),
    "jpg beside png": (each("GT/{}.jpg", "PDIN/{}.png"), ["GT", "PDIN"], list(SET5)),
    "upper and lower case": (["A/Baby.PNG", "A/bird.png", "B/baby.png", "B/BIRD.png"], ["A", "B"], ["Baby", "bird"]),
    "accents composed and not": (["A/caf\u00e9.png", "B/cafe\u0301.png"], ["A", "B"], ["caf\u00e9"]),
    "other scripts": (each("甲/{}.png", "乙/{}.png", of=("猫", "犬")), ["乙", "甲"], ["犬", "猫"]),
    "other scripts with a method": (
        each("SwinIR/{}_SwinIR.png", "原图/{}.png", of=("猫", "犬")),
        ["SwinIR", "原图"],
        ["犬", "猫"],
    ),
    "spaces": (each("A/{} 1.png", "B/{} 1.png"), ["A", "B"], [f"{name} 1" for name in SET5]),
    "dots in names": (each("A/{}.v1.5.png", "B/{}.v1.5.jpg"), ["A", "B"], [f"{name}.v1.5" for name in SET5]),
    "BasicSR, name and run": (
        each("SwinIR/{}_SwinIR.png", "ESRGAN/{}_ESRGAN.png"),
        ["ESRGAN", "SwinIR"],
        list(SET5),
    ),
    "BasicSR, one with a scale": (
        each("SwinIR/{}_x4_SwinIR.png", "ESRGAN/{}_ESRGAN.png"),
        ["ESRGAN", "SwinIR"],
        list(SET5),
    ),
    "BasicSR, whole results folder": (
        [
            *each("SwinIR/visualization/Set5/{}_SwinIR.png", "HAT/visualization/Set5/{}_HAT.png"),
            *each("SwinIR/visualization/Set14/{}_SwinIR.png", "HAT/visualization/Set14/{}_HAT.png", of=("baboon",)),
        ],
        ["HAT", "SwinIR"],
        ["Set14/baboon", *(f"Set5/{name}" for name in SET5)],
    ),
    "BasicSR, one data set": (
        each("SwinIR/visualization/Set5/{}_SwinIR.png", "HAT/visualization/Set5/{}_HAT.png"),
        ["HAT", "SwinIR"],
        list(SET5),
    ),
    "BasicSR, long run name": (
        each(
            "HAT_SRx4_ImageNet-pretrain/visualization/Set5/{}_HAT_SRx4_ImageNet-pretrain.png",
            "SwinIR/{}_SwinIR.png",
        ),
        ["HAT_SRx4_ImageNet-pretrain", "SwinIR"],
        list(SET5),
    ),
    "BasicSR, a suffix that nobody knows": (each("A/{}_exp42.png", "B/{}.png"), ["A", "B"], list(SET5)),
    "BasicSR, numbers and suffixes": (each("A/{}_exp42.png", "B/{}_mine.png", of=DIV2K), ["A", "B"], list(DIV2K)),
    "SwinIR's own script": (
        each("swinir_classical_sr_x4/{}_SwinIR.png", "hr/{}.png"),
        ["hr", "swinir_classical_sr_x4"],
        list(SET5),
    ),
    "Real-ESRGAN's out": (each("Real-ESRGAN/{}_out.png", "LR/{}.png"), ["LR", "Real-ESRGAN"], list(SET5)),
    "Real-ESRGAN without its hyphen": (
        each("Real-ESRGAN/{}_RealESRGAN_x4plus.png", "hr/{}.png"),
        ["Real-ESRGAN", "hr"],
        list(SET5),
    ),
    "HAT on DIV2K": (each("HAT/{}x4_HAT.png", "GT/{}.png", of=DIV2K), ["GT", "HAT"], list(DIV2K)),
    "NTIRE: 0901x4": (each("team01/{}x4.png", "team02/{}.png", of=DIV2K), ["team01", "team02"], list(DIV2K)),
    "both 0901x4": (each("a/{}x4.png", "b/{}x4.png", of=DIV2K), ["a", "b"], [f"{name}x4" for name in DIV2K]),
    "MATLAB's SRF": (
        each("bicubic/img_{}_SRF_4_LR.png", "HR/img_{}_SRF_4_HR.png", of=("001", "002")),
        ["HR", "bicubic"],
        ["img_001_SRF_4", "img_002_SRF_4"],
    ),
    "SRF against plain": (
        each("SelfExSR/img_{}_SRF_4_HR.png", "mine/img_{}.png", of=("001", "002")),
        ["SelfExSR", "mine"],
        ["img_001", "img_002"],
    ),
    "Restormer": (
        each("Restormer/Rain100H/{}.png", "MPRNet/Rain100H/{}.png", of=("1", "2")),
        ["MPRNet", "Restormer"],
        ["1", "2"],
    ),
    "Restormer, several sets": (
        each(
            "Restormer/Rain100H/{}.png",
            "MPRNet/Rain100H/{}.png",
            "Restormer/Test100/{}.png",
            "MPRNet/Test100/{}.png",
            of=("1", "2"),
        ),
        ["MPRNet", "Restormer"],
        ["Rain100H/1", "Rain100H/2", "Test100/1", "Test100/2"],
    ),
    "NAFNet against references": (
        each("NAFNet/{}.png", "target/{}_gt.png", of=("0001", "0002")),
        ["NAFNet", "target"],
        ["0001", "0002"],
    ),
    "KAIR": (
        each("swinir/{}_x4_SwinIR.png", "usrnet/{}_x4_USRNet.png", "H/{}.png"),
        ["H", "swinir", "usrnet"],
        list(SET5),
    ),
    "KAIR, two scales": (
        each(
            "swinir/{}_x2_SwinIR.png", "swinir/{}_x4_SwinIR.png", "usrnet/{}_x2_USRNet.png", "usrnet/{}_x4_USRNet.png"
        ),
        ["swinir", "usrnet"],
        sorted([f"{name}_x2" for name in SET5] + [f"{name}_x4" for name in SET5]),
    ),
    "mmagic": (each("esrgan/vis/{}.png", "edsr/out/{}.png"), ["edsr", "esrgan"], list(SET5)),
    "DRealSR": (
        each("LP-KPN/sony_{}_x4.png", "CDC/sony_{}_x4.png", "HR/sony_{}_x1.png", of=("3", "12")),
        ["CDC", "HR", "LP-KPN"],
        ["sony_12", "sony_3"],
    ),
    "RealSR": (
        each("ours/Canon_{}_LR4.png", "HR/Canon_{}_HR.png", of=("001", "002")),
        ["HR", "ours"],
        ["Canon_001", "Canon_002"],
    ),
    "GFPGAN": (
        each("restored_faces/{}_00.png", "CodeFormer/{}_00.png"),
        ["CodeFormer", "restored_faces"],
        [f"{n}_00" for n in SET5],
    ),
    "algorithm in front": (each("A/A_{}.png", "B/B_{}.png"), ["A", "B"], list(SET5)),
    "a prefix on one side": (each("A/fake_{}.png", "B/{}.png"), ["A", "B"], list(SET5)),
    "an odd prefix on one side": (each("A/mynet-{}.png", "B/{}.png"), ["A", "B"], list(SET5)),
    "data sets without ambiguity": (
        [*each("SwinIR/Set5/{}.png", "HAT/Set5/{}.png"), "SwinIR/Set14/baboon.png", "HAT/Set14/baboon.png"],
        ["HAT", "SwinIR"],
        ["Set14/baboon", *(f"Set5/{name}" for name in SET5)],
    ),
    "data sets first": (
        [*each("Set5/SwinIR/{}.png", "Set5/HAT/{}.png"), "Set14/SwinIR/baboon.png", "Set14/HAT/baboon.png"],
        ["HAT", "SwinIR"],
        ["Set14/baboon", *(f"Set5/{name}" for name in SET5)],
    ),
    "data sets first, with equal names": (
        each("Set5/A/{}.png", "Set5/B/{}.png", "Set14/A/{}.png", "Set14/B/{}.png", of=("1", "2")),
        ["A", "B"],
        ["Set14/1", "Set14/2", "Set5/1", "Set5/2"],
    ),
    "one has data sets apart": (
        [*each("A/Set5/{}.png", "B/{}.png"), "A/Set14/zebra.png", "B/zebra.png"],
        ["A", "B"],
        [*SET5, "zebra"],
    ),
    "one of three has data sets apart": (
        [
            "A/Set5/baby.png",
            "A/Set14/zebra.png",
            "B/Set5/baby.png",
            "B/Set14/zebra.png",
            "C/babyx4.png",
            "C/zebrax4.png",
        ],
        ["A", "B", "C"],
        ["baby", "zebra"],
    ),
    "data sets as flat folders": (
        [
            *each("Set5/{}_SwinIR.png", "Set5/{}_HAT.png"),
            *each("Set14/{}_SwinIR.png", "Set14/{}_HAT.png", of=("a", "b")),
        ],
        ["HAT", "SwinIR"],
        ["Set14/a", "Set14/b", *(f"Set5/{name}" for name in SET5)],
    ),
    "data sets as flat folders, with equal names": (
        each("Set5/{}_SwinIR.png", "Set5/{}_HAT.png", "Set14/{}_SwinIR.png", "Set14/{}_HAT.png", of=("1", "2")),
        ["HAT", "SwinIR"],
        ["Set14/1", "Set14/2", "Set5/1", "Set5/2"],
    ),
    "folders that nobody knows, flat": (
        each("day/{}_SwinIR.png", "day/{}_HAT.png", "night/{}_SwinIR.png", "night/{}_HAT.png", of=("1", "2")),
        ["HAT", "SwinIR"],
        ["day/1", "day/2", "night/1", "night/2"],
    ),
    "flat, a content called as a method": (
        each("{}_one.png", "{}_two.png", of=("red_hat", "baby", "zebra")),
        ["one", "two"],
        ["baby", "red_hat", "zebra"],
    ),
    "sequences": (
        each("A/000/{}.png", "B/000/{}.png", "A/011/{}.png", "B/011/{}.png", of=("00000000", "00000001")),
        ["A", "B"],
        ["000/00000000", "000/00000001", "011/00000000", "011/00000001"],
    ),
    "a level above": (each("results/A/{}.png", "results/B/{}.png"), ["A", "B"], list(SET5)),
    "flat, content first": (each("{}_SwinIR.png", "{}_ESRGAN.png"), ["ESRGAN", "SwinIR"], list(SET5)),
    "flat, names that nobody knows": (each("{}_one.png", "{}_two.png"), ["one", "two"], list(SET5)),
    "flat, algorithm first": (each("SwinIR_{}.png", "ESRGAN_{}.png"), ["ESRGAN", "SwinIR"], list(SET5)),
    "flat with scales": (
        each("{}_NN_x4.jpg", "{}_NN_x2.jpg", "{}_Bicubic_x4.jpg", of=("Animal1", "Nature9")),
        ["Bicubic_x4", "NN_x2", "NN_x4"],
        ["Animal1", "Nature9"],
    ),
    "flat with scales and an odd name": (
        each("{}_NN_x4.jpg", "{}_Bicubic_x4.jpg", "{}_result_c_DCSCN_x2.jpg", of=("Animal1", "Nature9")),
        ["Bicubic_x4", "NN_x4", "result_c_DCSCN_x2"],
        ["Animal1", "Nature9"],
    ),
    "flat, scales alone": (each("{}_x2.png", "{}_x4.png"), ["x2", "x4"], list(SET5)),
    "flat, numbered contents": (
        each("{}_mean.png", "{}_ours.png", of=("d600_iso3200_1", "d600_iso3200_2", "5dmark3_iso3200_1")),
        ["mean", "ours"],
        ["5dmark3_iso3200_1", "d600_iso3200_1", "d600_iso3200_2"],
    ),
    "flat, two words": (each("{}_Real_ESRGAN.png", "{}_SwinIR.png"), ["Real_ESRGAN", "SwinIR"], list(SET5)),
    "flat, a hyphen inside": (each("{}_Real-ESRGAN.png", "{}_SwinIR.png"), ["Real-ESRGAN", "SwinIR"], list(SET5)),
    "flat, hyphens": (each("{}-srgan.png", "{}-edsr.png"), ["edsr", "srgan"], list(SET5)),
    "flat, two underscores": (each("{}_a__net_1.png", "{}_a__net_2.png"), ["net_1", "net_2"], [f"{n}_a" for n in SET5]),
    "flat beside plain names": (
        each("{}.png", "{}_SwinIR.png", "{}_HAT-L.png"),
        ["(plain)", "HAT-L", "SwinIR"],
        list(SET5),
    ),
    "flat, plain names and a scale": (each("{}.png", "{}x4.png", of=DIV2K), ["(plain)", "x4"], list(DIV2K)),
    "flat, two scales": (each("{}x2.png", "{}x4.png", of=DIV2K), ["x2", "x4"], list(DIV2K)),
    "flat, brackets": (each("{} (SwinIR).png", "{} (HAT).png"), ["(HAT)", "(SwinIR)"], list(SET5)),
    "Rain100L": (each("PReNet/rain-{}.png", "GT/norain-{}.png", of=("001", "002")), ["GT", "PReNet"], ["001", "002"]),
    "one image each": (["SwinIR/baby_x4_SwinIR.png", "HAT/baby_HAT.png"], ["HAT", "SwinIR"], ["baby"]),
    "flat, one content": (["bicubic.png", "x4.v2.JPG", "ours.png"], ["bicubic", "ours", "x4.v2"], ["."]),
    "flat, versions of one content": (["v1.png", "v2.png", "v10.png"], ["v1", "v10", "v2"], ["."]),
    "contents as folders, content in front": (
        [
            *each("Animal1/Animal1_{}.jpg", "Nature9/Nature9_{}.jpg", of=("NN_x4", "Bicubic_x4", "odd")),
            "reference/Animal1_GT.jpg",
            "reference/Nature9_GT.jpg",
        ],
        ["Bicubic_x4", "GT", "NN_x4", "odd"],
        ["Animal1", "Nature9"],
    ),
    "contents as folders, methods as files": (
        each("coffee/{}.png", "rocket/{}.png", of=("SwinIR", "ESRGAN", "GT")),
        ["ESRGAN", "GT", "SwinIR"],
        ["coffee", "rocket"],
    ),
    "BasicSR in training": (
        each("baby/baby_{}.png", "bird/bird_{}.png", of=("5000", "10000")),
        ["10000", "5000"],
        ["baby", "bird"],
    ),
    "variants beside originals": (
        each("ArNet/{}_ArNet_hi.png", "ArNet/{}_ArNet_lo.png", "Original/{}_original.png", of=("00002", "00004")),
        ["ArNet_hi", "ArNet_lo", "Original"],
        ["00002", "00004"],
    ),
    "seeds": (
        each("A/seed1/{}.png", "A/seed2/{}.png", "B/seed1/{}.png"),
        ["A/seed1", "A/seed2", "B/seed1"],
        list(SET5),
    ),
    "checkpoints": (each("iter_5000/{}.png", "iter_10000/{}.png"), ["iter_10000", "iter_5000"], list(SET5)),
    "checkpoints of a run": (
        each("SwinIR/iter_5000/{}_5000.png", "SwinIR/iter_10000/{}_10000.png"),
        ["iter_10000", "iter_5000"],
        list(SET5),
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name: str) -> None:
    files, algorithms, contents = LAYOUTS[name]
    found = table(files)
    assert sorted(found) == algorithms
    assert {content for of in found.values() for content in of} == set(contents)
    assert sum(map(len, found.values())) == len(files)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_order_of_the_files_changes_nothing(name: str) -> None:
    files = LAYOUTS[name][0]
    for shuffled in (files[::-1], sorted(files), sorted(files, key=lambda file: file[::-1])):
        found, again = table(files), table(shuffled)
        assert {a: set(of.values()) for a, of in found.items()} == {a: set(of.values()) for a, of in again.items()}


def test_numbers_are_matched_as_they_are_written() -> None:
    files = [*(f"A/{n}.png" for n in range(1, 13)), *(f"B/{n:02}.png" for n in range(1, 13))]
    found = table(files)
    assert set(found["A"]) & set(found["B"]) == {"10", "11", "12"}
    assert match_names(files).notes[-1].startswith("numbers are padded differently (01 and 1) and not matched")
    with pytest.raises(LayoutError, match=r"numbers are padded differently: .* --match '0\*\(\?P<content>\[0-9\]\+\)'"):
        match_names([*(f"A/{n}.png" for n in range(1, 9)), *(f"B/{n:04}.png" for n in range(1, 9))])


def test_contents_of_two_data_sets_are_never_one() -> None:
    found = table(["A/Set5/1.png", "A/Set14/2.png", "B/Set14/1.png", "B/Set5/1.png", "C/2.png"])
    assert found == {
        "A": {"Set5/1": "A/Set5/1.png", "Set14/2": "A/Set14/2.png"},
        "B": {"Set14/1": "B/Set14/1.png", "Set5/1": "B/Set5/1.png"},
        "C": {"2": "C/2.png"},
    }


REFUSED = {
    "nothing alike": (
        each("train/{}.png", of=("12003", "12074")) + each("val/{}.png", of=("101085", "101087")),
        r"no content is shared by two algorithms, so nothing can be compared; nearest names: train \(\d+\) and val",
    ),
    "two contents, told apart by their prefix": (
        each("cats/cat_{}.png", of=("1", "2")) + each("dogs/hound_{}.png", of=("1", "2")),
        "nothing says that these are names of algorithms",
    ),
    "two files of one name": (["A/1.png", "A/1.jpg", "B/1.png"], r"A/1\.jpg and A/1\.png: two files for one content"),
    "two files once stripped": (
        ["A/baby_A.png", "A/baby.png", "A/bird_A.png", "B/baby_B.png", "B/bird_B.png"],
        r"A/baby\.png and A/baby_A\.png: two files for one content of A without …_A",
    ),
    "two scales against one reference": (
        each("A/{}_x2.png", "A/{}_x4.png", "GT/{}.png"),
        "two files for one content of A without …_x",
    ),
    "one algorithm": (each("A/{}.png"), r"holds 1 algorithm with images \(A\)"),
    "loose": ([*each("A/{}.png", "B/{}.png"), "loose.png"], r"both images and folders of images; .*loose\.png"),
    "numbered": (each("{}.png", of=("9", "25", "102")), "the names are only numbered"),
    "numbered with a word": (each("kodim{}.png", of=("01", "02")), "the names are only numbered"),
    "flat in either order": (each("a_{}.png", "b_{}.png", of=("1", "2")), "can be read in two ways"),
    "flat, half a grid": (["baby_A.png", "baby_B.png", "bird_A.png"], "may be several contents or one; say which"),
    "one image each, of who knows what": (["A/baby_foo.png", "B/baby_bar.png"], r"nearest names: A \(baby_foo\) and B"),
    "flat, two files of one name": ([*each("{}_a.png", "{}_b.png"), "baby_a.jpg"], "two files for one content"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    files, message = REFUSED[name]
    with pytest.raises(LayoutError, match=message):
        match_names(files)


def test_what_is_taken_off_is_said() -> None:
    notes = match_names(each("SwinIR/{}_x4_SwinIR.png", "GT/{}.png")).notes
    assert notes == ("SwinIR: names without …_x4_SwinIR",)
    assert match_names(each("A/{}.png", "B/{}.png")).notes == ()


def test_data_sets_are_named() -> None:
    files = [*each("A/Set5/{}.png", "B/Set5/{}.png"), "A/Set14/zebra.png", "B/Set14/zebra.png"]
    places = match_names(files).places
    assert {place.dataset for place in places if place} == {"Set5", "Set14"}
    one = match_names(each("A/Set5/{}.png", "B/Set5/{}.png")).places
    assert {place.dataset for place in one if place} == {None}


def test_what_is_left_over_stays_with_its_algorithm() -> None:
    found = table([*each("A/{}_A.png", "B/{}.png"), "A/grid.png", "B/extra.png"])
    assert set(found["A"]) - set(found["B"]) == {"grid"}
    assert set(found["B"]) - set(found["A"]) == {"extra"}


def test_given_folders_are_algorithms_whatever_they_are_called() -> None:
    files = each("Animal1/Animal1_{}.jpg", "Nature9/Nature9_{}.jpg", of=("NN_x4", "Bicubic_x4"))
    assert sorted(table(files, given=True)) == ["Animal1", "Nature9"]
    assert sorted(table(files)) == ["Bicubic_x4", "NN_x4"]


@pytest.mark.slow
def test_many_algorithms_and_contents() -> None:
    files = [f"net{a}/{c:04}x4_net{a}.png" for a, c in itertools.product(range(40), range(100))]
    found = table(files)
    assert len(found) == 40
    assert set(found["net0"]) == {f"{c:04}x4" for c in range(100)} or set(found["net0"]) == {
        f"{c:04}" for c in range(100)
    }


@pytest.mark.parametrize(
    ("pattern", "files", "expected"),
    [
        (
            r"(?P<content>.+)_(?P<algorithm>[^_]+)",
            ["a_1_x.png", "a_1_y.png"],
            {"x": {"a_1"}, "y": {"a_1"}},
        ),
        (r"0*(?P<content>[0-9]+)", ["A/1.png", "B/0001.png"], {"A": {"1"}, "B": {"1"}}),
        (r"(?P<algorithm>.+)", ["1.png", "2.png"], {"1": {"street"}, "2": {"street"}}),
        (
            r"(?P<dataset>[^/]+)/(?P<algorithm>[^/]+)/(?P<content>.+)",
            ["S/A/1.png", "S/B/1.png"],
            {"A": {"S/1"}, "B": {"S/1"}},
        ),
        (r"(?P<content>.+)_x4", ["A/1_x4.png", "B/1_x4.png", "B/grid.png"], {"A": {"1"}, "B": {"1"}}),
    ],
)
def test_pattern(pattern: str, files: list[str], expected: dict[str, set[str]]) -> None:
    found: dict[str, set[str]] = {}
    for place in match_by_pattern(files, pattern, folder="street").places:
        if place is not None:
            found.setdefault(place.algorithm, set()).add(place.content)
    assert found == expected


@pytest.mark.parametrize(
    ("pattern", "error", "message"),
    [
        ("(", UserError, "isn't a regular expression"),
        ("(.+)", UserError, "names no group"),
        ("(?P<name>.+)", UserError, "has the group name"),
        ("(?P<content>[0-9]+)", LayoutError, r"fits none of 4 names, such as 'a_1'"),
        ("(?P<content>.)_.", LayoutError, "two files for one content"),
        ("(?P<content>.+)", LayoutError, "no content is shared by two algorithms"),
    ],
)
def test_pattern_refused(pattern: str, error: type[UserError], message: str) -> None:
    with pytest.raises(error, match=message):
        match_by_pattern(["A/a_1.png", "A/a_2.png", "B/b_3.png", "B/b_4.png"], pattern)


def test_what_a_pattern_leaves_out_is_named() -> None:
    notes = match_by_pattern(["A/1_x4.png", "B/1_x4.png", "B/grid.png"], "(?P<content>.+)_x4").notes
    assert notes[-1] == "1 of 3 files are left out, since it doesn't fit: B/grid.png"


def test_references() -> None:
    found, notes = match_references(
        ["baby", "bird", "lost"], ["baby_HR.png", "bird_HR.png", "more_HR.png"], folder="HR"
    )
    assert found == {"baby": "baby_HR.png", "bird": "bird_HR.png"}
    assert notes == ("HR: names without …_HR",)
    found, _ = match_references(["Set5/baby", "Set14/zebra"], ["Set5/GT/baby.png", "Set14/GT/zebra.png"])
    assert set(found) == {"Set5/baby", "Set14/zebra"}
    found, _ = match_references(["0801x4", "0802x4"], ["0801.png", "0802.png", "0803.png"])
    assert found == {"0801x4": "0801.png", "0802x4": "0802.png"}
    with pytest.raises(LayoutError, match="no reference has the name of a content; contents are called baby"):
        match_references(["baby"], ["zebra.png"])


def test_runs_and_checkpoints() -> None:
    names = ["A/seed1", "A/seed2", "B_run10", "B_run2", "C", "D/seed1"]
    assert [(of.name, of.members) for of in runs_among(names)] == [
        ("A", ((1, "A/seed1"), (2, "A/seed2"))),
        ("B", ((2, "B_run2"), (10, "B_run10"))),
    ]
    steps = ["iter_5000", "iter_10000", "net_20k_iter", "GT", "net_5k_iter", "step_3"]
    assert [(of.name, of.members) for of in checkpoints_among(steps)] == [
        ("", ((3, "step_3"), (5000, "iter_5000"), (10000, "iter_10000"))),
        ("net", ((5000, "net_5k_iter"), (20000, "net_20k_iter"))),
    ]
    assert [of.members for of in checkpoints_among(["10000", "5000", "GT"])] == [((5000, "5000"), (10000, "10000"))]
    assert checkpoints_among(["1", "2", "0900", "37"]) == ()
    assert runs_among(["trunk1", "trunk2", "prune3"]) == ()
    assert checkpoints_among(["A/epoch_1", "A/iter_1"]) == ()
