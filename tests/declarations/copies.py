"""Complete copies of every documented source, written to the documented layout: tiny pictures, made-up labels.

`write_copy(name, root)` writes one. Where the real labels are in ../shared, a writer takes them in place of made-up
ones, and then the label files are what their authors' would be.
"""

import io
import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import openpyxl
from PIL import Image
from scipy.io import savemat

Labels = Iterable[tuple[str, float]]  # name of an image, and its label

LIVE_BLOCKS = {"jp2k": (227, 58), "jpeg": (233, 58), "wn": (174, 29), "gblur": (174, 29), "fastfading": (174, 29)}
CSIQ_TYPES = {
    "noise": "AWGN",
    "blur": "BLUR",
    "contrast": "contrast",
    "fnoise": "fnoise",
    "jpeg": "JPEG",
    "jpeg 2000": "jpeg2000",
}
REALSRQ_X2 = ["AIS", "Aplus", "ASDS", "BCI", "CSCN", "SPM", "SRCNN", "SRGAN", "USRnet", "VDSR"]
REALSRQ_METHODS = {
    2: REALSRQ_X2,
    3: ["AIS", "Aplus", "ASDS", "BCI", "CSCN", "SPM", "SRCNN", "USRnet", "VDSR"],
    4: ["Aplus", "ASDS", "BCI", "CSCN", "SRCNN", "SRGAN", "USRnet", "VDSR"],
}


def made_up(name: str, low: float, high: float) -> float:
    """A label within a range that depends on nothing but the name."""
    return round(low + (high - low) * (zlib.crc32(name.encode()) % 10_000) / 9_999, 4)


class Pictures:
    """Writes tiny pictures below a root: one file of each kind, and links to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.first: dict[str, Path] = {}

    def write(self, *files: str) -> None:
        for file in files:
            path = self.root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            suffix = path.suffix.lower()
            if suffix in self.first:
                os.link(self.first[suffix], path)
            else:
                content = io.BytesIO()
                Image.fromarray(np.arange(768, dtype=np.uint8).reshape(16, 16, 3)).save(
                    content, {".bmp": "BMP", ".png": "PNG", ".jpg": "JPEG"}[suffix]
                )
                path.write_bytes(content.getvalue())
                self.first[suffix] = path


def pipal_labels(contents: int = 200) -> Iterator[tuple[str, float]]:
    for content in range(1, contents + 1):
        for kind, count in enumerate((12, 16, 10, 24, 13, 14, 27)):
            for number in range(count):
                name = f"A{content:04}_{kind:02}_{number:02}.bmp"
                yield name, made_up(name, 916.8, 1835.9)


def write_pipal(root: Path, labels: Labels | None = None) -> None:
    pictures = Pictures(root)
    lines = defaultdict(list)
    for number, (name, label) in enumerate(pipal_labels() if labels is None else labels):
        lines[name[:5]].append(f"{name},{label}\n")
        pictures.write(f"Distortion_{number % 4 + 1}/{name}")
    (root / "Train_Label").mkdir()
    for content, of_content in lines.items():
        (root / "Train_Label" / f"{content}.txt").write_text("".join(of_content))
        pictures.write(f"Train_Ref/{content}.bmp")


def kadid_labels() -> Iterator[tuple[str, float]]:
    for content in range(1, 82):
        for kind in range(1, 26):
            for level in range(1, 6):
                name = f"I{content:02}_{kind:02}_{level:02}.png"
                yield name, made_up(name, 1, 4.93)


def write_kadid(root: Path, labels: Labels | None = None) -> None:
    pictures = Pictures(root)
    lines = ["dist_img,ref_img,dmos,var\n"]
    references = set()
    for name, label in kadid_labels() if labels is None else labels:
        lines.append(f"{name},{name[:3]}.png,{label},0.5\n")
        pictures.write(f"images/{name}")
        references.add(f"images/{name[:3]}.png")
    pictures.write(*sorted(references))
    (root / "dmos.csv").write_text("".join(lines))


def tid_labels() -> Iterator[tuple[str, float]]:
    for content in range(1, 26):
        for kind in range(1, 25):
            for level in range(1, 6):
                name = f"{'iI'[level % 2]}{content:02}_{kind:02}_{level}.bmp"  # the case is mixed, as in copies
                yield name, made_up(name, 0.25, 7.2)


def write_tid(root: Path, labels: Labels | None = None) -> None:
    pictures = Pictures(root)
    lines, references = [], set()
    for name, label in tid_labels() if labels is None else labels:
        lines.append(f"{label} {name}\n")
        pictures.write(f"distorted_images/{name.upper() if name.endswith('_3.bmp') else name}")
        references.add(f"reference_images/I{name[1:3]}.BMP")
    pictures.write(*sorted(references))
    (root / "mos_with_names.txt").write_text("".join(lines))


def write_qads(root: Path) -> None:
    pictures = Pictures(root)
    lines = []
    methods = [f"M{number}" for number in range(1, 22)]
    for content in range(1, 21):
        pictures.write(f"source_images/img{content:02}.bmp")
        for scale, used in ((2, methods), (3, methods[:14]), (4, methods[:14])):
            for method in used:
                name = f"img{content:02}_{scale}_{method}.{'bmp' if scale == 2 else 'png'}"
                lines.append(f"{made_up(name, 0, 1)}   {name}\n")
                pictures.write(f"super-resolved_images/{name}")
    (root / "mos_with_names.txt").write_text("".join(lines))


def write_realsrq(root: Path) -> None:
    pictures = Pictures(root)
    scores = []
    for category in ("Buildings", "Manmade", "Natural", "People", "Scene", "Text"):
        for number in (f"{n:03}" for n in range(1, 11)):
            folder = f"HR_LR_pairs/{category}/{category}"
            pictures.write(f"{folder}_HR/{category}_{number}_HR.png")
            row = []
            for scale, methods in REALSRQ_METHODS.items():
                pictures.write(f"{folder}_LR{scale}/{category}_{number}_LR{scale}.png")
                for method in methods:
                    name = f"{category}_{number}_LR{scale}_{method}.png"
                    pictures.write(f"SR_results/{category}_SR/{category}_LR{scale}_SR/{number}/{name}")
                    row.append(made_up(name, -3, 3))
            scores.append(row)
    savemat(root / "subj_BT_score.mat", {"score_matrix": np.array(scores)})


def write_ivipc_dqa(root: Path) -> None:
    pictures = Pictures(root)
    methods = ["DDN", "DID", "GMM", "JORDER", "RESCAN", "UGSM"]
    for method in methods:
        pictures.write(*(f"Data/{method}/{number}_{method}.png" for number in range(1, 207)))
    scores = [[made_up(f"{n}{method}", 5.6, 147) for method in methods] for n in range(1, 207)]
    savemat(root / "realigned_mos.mat", {"realigned_mos": np.array(scores)})
    savemat(root / "realigned_std.mat", {"realigned_std": np.ones((206, 6))})


def write_exbedde(root: Path) -> None:
    pictures = Pictures(root)
    cities = ["beijing", "changsha", "chengdu", "hangzhou", "hefei", "hongkong"]
    cities += ["lanzhou", "nanchang", "shanghai", "shenyang", "tianjing", "wuhan"]
    methods = ["AOD", "BayD", "CAP", "DCP", "DCPDN", "DehazeNet", "EPDN", "FVR", "GFN", "NLD"]
    for group in range(167):
        city = cities[group % len(cities)]
        content = f"{city}_{group // len(cities) + 1}"
        names = [f"{content}_{method}.png" for method in methods]
        pictures.write(f"{city}/fog/{content}.png", *(f"{city}/{content}/{name}" for name in names))
        cells = np.empty((len(names), 1), dtype=object)
        cells[:, 0] = names
        scores = np.array([[made_up(name, 0, 1)] for name in names])
        struct = {"image_names": cells, "scores": scores}
        savemat(root / city / content / f"{content}_scores.mat", {"imageScores": struct})


def csiq_labels() -> Iterator[tuple[str, float]]:
    for number in range(30):
        for kind in CSIQ_TYPES.values():
            for level in range(1, (5 if kind != "contrast" else (3 if number < 4 else 4)) + 1):
                name = f"img{number}.{kind}.{level}.png"
                yield name, made_up(name, 0, 1)


def write_csiq(root: Path, labels: Labels | None = None) -> None:
    pictures = Pictures(root)
    types = {kind: word for word, kind in CSIQ_TYPES.items()}
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "all_by_image"
    for text in ("CSIQ", None, "made up"):
        sheet.append([text])
    sheet.append([None, None, None, "image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos"])
    references = set()
    for name, label in csiq_labels() if labels is None else labels:
        image, kind, level, _ = name.split(".")
        sheet.append(
            [None, None, None, int(image) if image.isdigit() else image, 1, types[kind], int(level), 0.1, label]
        )
        pictures.write(f"dst_imgs/{kind.lower()}/{name}")
        references.add(f"src_imgs/{image}.png")
    pictures.write(*sorted(references))
    workbook.save(root / "csiq.DMOS.xlsx")


def live_labels() -> Iterator[tuple[str, str, float]]:
    for kind, (count, originals) in LIVE_BLOCKS.items():
        for number in range(originals + 1, count + 1):
            name = f"{kind}/img{number}.bmp"
            yield name, f"photo{number % 29}.bmp", made_up(name, -2.6, 111.7)


def write_live(root: Path, labels: Iterable[tuple[str, str, float]] | None = None) -> None:
    pictures = Pictures(root)
    given = {name: (reference, label) for name, reference, label in (live_labels() if labels is None else labels)}
    pictures.write(*sorted({f"refimgs/{reference}" for reference, _ in given.values()}))
    scores, originals, names = [], [], []
    for kind, (count, _) in LIVE_BLOCKS.items():
        for number in range(1, count + 1):
            file = f"{kind}/img{number}.bmp"
            pictures.write(file)
            reference, label = given.get(file, ("any.bmp", 0.0))
            scores.append(label)
            originals.append(file not in given)
            names.append(reference)
    cells = np.empty((1, len(names)), dtype=object)
    cells[0] = names
    savemat(root / "refnames_all.mat", {"refnames_all": cells})
    variables = {"dmos_new": [scores], "dmos_std": [np.ones(len(scores))], "orgs": np.array([originals], np.uint8)}
    savemat(root / "dmos_realigned.mat", variables)


def write_vcl_fer(root: Path) -> None:
    pictures = Pictures(root)
    for content in (f"IMG_{number:02}" for number in range(1, 24)):
        pictures.write(f"vcl_fer/{content}.bmp")
        for level in range(1, 7):
            pictures.write(*(f"vcl_fer/{content}_{kind}_{level}.bmp" for kind in ("AWGN", "BLU", "J2K")))
            pictures.write(f"vcl_fer/{content}_JPG_{level}.jpg")


WRITERS: Mapping[str, Callable[[Path], None]] = {
    "IVIPC-DQA": write_ivipc_dqa,
    "exBeDDE": write_exbedde,
    "PIPAL": write_pipal,
    "KADID-10k": write_kadid,
    "QADS": write_qads,
    "RealSRQ": write_realsrq,
    "TID2013": write_tid,
    "CSIQ": write_csiq,
    "LIVE": write_live,
    "VCL@FER": write_vcl_fer,
}


def write_copy(name: str, root: Path) -> Path:
    """A complete copy of a source in a new folder."""
    root.mkdir(parents=True)
    WRITERS[name](root)
    return root
