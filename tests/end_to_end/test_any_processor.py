"""On a processor with less than this one has: the commands in a process that is told to go without AVX-512."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

import fgresq
from fgresq.manifest import Manifest, write_manifest
from fgresq.records import ImageRecord, RestorationTask

# What docs/performance.md states for bf16; float32 differs between processors by the order of its sums.
BF16, FP32 = 0.01, 1e-5
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}

CODE = """
import json, sys
import torch
import fgresq
from fgresq.cli.app import main
from fgresq.model.build import build_encoder
from fgresq.model.cpu import pack_linear_layers

folder, study = sys.argv[1:]
images = [f"{folder}/a/{name}.png" for name in ("coffee", "chelsea")]
said = {"capability": torch.backends.cpu.get_cpu_capability(), "bf16": torch.ops.mkldnn._is_mkldnn_bf16_supported()}

def command(*arguments):
    sys.argv = ["fgresq", *arguments]
    try:
        main()
    except SystemExit as left:
        assert not left.code, (arguments, left.code)

for precision in ("fp32", "bf16"):
    out = f"{folder}/{precision}"
    command("score", *images, "--precision", precision, "-o", f"{out}-score.json")
    command("compare", *images, "--precision", precision, "-o", f"{out}-compare.json")
    command("rank", folder, "--precision", precision, "-o", f"{out}-rank.json")
    command("benchmark", "run", "--metrics", "fgresq-compact", "--manifest", study, "--store", f"{out}-store",
            "--precision", precision, "--workers", "1", "--device", "cpu")
    for entry, scored in zip(images, json.load(open(f"{out}-score.json"))["scores"]):
        said[f"{precision} {entry}"] = scored["score"]

# The kinds of layers that the weights at hand don't have: convolutions and attention.
pictures = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
for name in ("compact-tiny", "compact-vit"):
    torch.manual_seed(0)
    encoder = build_encoder(name).eval()
    with torch.inference_mode():
        exact = encoder(pictures)
        for parameter in encoder.parameters():
            parameter.data = parameter.data.to(torch.bfloat16)
        pack_linear_layers(encoder)
        said[name] = (encoder(pictures).float() - exact).abs().max().item()
json.dump(said, open(f"{folder}/said.json", "w"))
"""


@pytest.fixture(scope="module")
def said(photographs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("processor")
    algorithms, study = folder / "images", folder / "study"
    records = []
    for algorithm, side in (("a", 160), ("b", 40)):
        (algorithms / algorithm).mkdir(parents=True)
        for name in ("coffee", "chelsea"):
            picture = Image.open(photographs[name]).convert("RGB").resize((160, 120))
            path = algorithms / algorithm / f"{name}.png"
            picture.resize((side, 3 * side // 4)).resize((160, 120)).save(path)
            records.append(
                ImageRecord(f"{algorithm}-{name}", str(path), "mine", RestorationTask.DEBLURRING, name, algorithm, 3.0)
            )
    study.mkdir()
    write_manifest(Manifest(study, tuple(records), (), {"labels": "made up"}))
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(algorithms), str(study)],
        env={**os.environ, **AVX2, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, object] = json.loads((algorithms / "said.json").read_text())
    return {**found, "folder": algorithms}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="only x86 processors can be told")
def test_the_processor_was_told(said: Mapping[str, object]) -> None:
    assert said["capability"] in ("AVX2", "DEFAULT")
    assert said["bf16"] is False


def test_scores_are_those_of_this_processor(said: Mapping[str, object]) -> None:
    images = [name.partition(" ")[2] for name in said if name.startswith("fp32 ")]
    assert len(images) == 2
    for image, here in zip(images, fgresq.load(device="cpu").score(images), strict=True):
        assert said[f"fp32 {image}"] == pytest.approx(here.score, abs=FP32)
        assert said[f"bf16 {image}"] == pytest.approx(here.score, abs=BF16)


def test_comparisons_and_rankings_are_those_of_this_processor(said: Mapping[str, object]) -> None:
    folder = Path(str(said["folder"]))
    exact, rough = (json.loads((folder / f"{p}-compare.json").read_text()) for p in ("fp32", "bf16"))
    assert rough["provenance"]["precision"] == "bf16"
    for key in ("score_a", "score_b", "p_a_better", "p_b_better", "p_equal"):
        assert rough[key] == pytest.approx(exact[key], abs=BF16)
    here = fgresq.load(device="cpu").rank(folder)
    for precision, tolerance in (("fp32", FP32), ("bf16", BF16)):
        standings = json.loads((folder / f"{precision}-rank.json").read_text())["leaderboard"]
        assert [row["algorithm"] for row in standings] == [row.algorithm for row in here.leaderboard]
        assert [row["mean_score"] for row in standings] == pytest.approx(
            [row.mean_score for row in here.leaderboard], abs=tolerance
        )


def test_every_kind_of_encoder_runs(said: Mapping[str, object]) -> None:
    for name in ("compact-tiny", "compact-vit"):
        assert 0 < float(str(said[name])) < 0.1  # features have a deviation of 1
