"""FGResQ where restorers are trained: BasicSR and its forks, mmagic, deepinv, FiftyOne, on stand-ins for them."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from tests.unit.plugs.packages import (
    BaseSampleWiseMetric,
    DeepinvMetric,
    FiftyoneDataset,
    FiftyoneGroup,
    Modules,
    Registry,
    installed,
)

import fgresq
from fgresq.errors import ImageError, UserError
from fgresq.scoring.scorer import Scorer

TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return fgresq.load(device="cpu")


@pytest.fixture(scope="module")
def picture(photographs: Mapping[str, Path]) -> NDArray[np.uint8]:
    return np.array(Image.open(photographs["coffee"]).convert("RGB"))


def plug(name: str) -> ModuleType:
    return importlib.import_module(f"fgresq.plugs.{name}")


def batch(picture: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


class TestBasicsr:
    def test_it_is_called_as_validation_calls_metrics(self, scorer: Scorer, picture: NDArray[np.uint8]) -> None:
        registry = Registry()
        modules = {"basicsr": {}, "basicsr.metrics": {}, "basicsr.utils": {}}
        with installed("fgresq.plugs.basicsr", {**modules, "basicsr.utils.registry": {"METRIC_REGISTRY": registry}}):
            module = plug("basicsr")
            module.register()  # a second time changes nothing
            metric = registry.kept["calculate_fgresq"]
            data = {"img": picture[..., ::-1].copy(), "img2": np.zeros_like(picture)}
            wanted = scorer.score(picture).score
            assert metric(**data, crop_border=0, better="higher") == pytest.approx(wanted, abs=TOLERANCE)
            cut = scorer.score(picture[4:-4, 4:-4].copy()).score
            assert metric(**data, crop_border=4) == pytest.approx(cut, abs=TOLERANCE)
            assert abs(cut - wanted) > TOLERANCE
            chw = np.ascontiguousarray(picture.transpose(2, 0, 1))
            assert metric(chw, input_order="CHW", channel_order="RGB") == pytest.approx(wanted, abs=TOLERANCE)

    def test_forks_call_it_by_position_with_tensors(self, scorer: Scorer, picture: NDArray[np.uint8]) -> None:
        with installed("fgresq.plugs.basicsr", {"basicsr": {}, "basicsr.metrics": {}}):
            plug("basicsr")
            metric = importlib.import_module("basicsr.metrics").calculate_fgresq
            wanted = scorer.score(picture).score
            overshooting = batch(picture) * 1.0
            overshooting[0, 0, 0, 0] = 1.25
            for image in (batch(picture), batch(picture)[0], overshooting.clamp(0, 1)):
                assert metric(image, image, 0, "HWC", False) == pytest.approx(wanted, abs=1e-4)
            assert metric(overshooting, None, crop_border=1) == pytest.approx(
                metric(overshooting.clamp(0, 1), None, crop_border=1), abs=TOLERANCE
            )

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"test_y_channel": True}, "the model sees colour"),
            ({"better": "lower"}, "higher scores are better"),
            ({"crop_border": 400}, "leaves nothing of 600x400 pixels"),
            ({"crop_border": -1}, "leaves nothing"),
            ({"input_order": "WHC"}, "use HWC or CHW"),
            ({"channel_order": "GBR"}, "use BGR or RGB"),
            ({"img": np.zeros((64, 64, 3), np.float32)}, r"float32 was given; uint8 in \[0, 255\] is needed"),
            ({"img": "picture.png"}, "str was given"),
            ({"img": torch.zeros(2, 3, 64, 64)}, r"a tensor \(2, 3, 64, 64\)"),
            ({"img": torch.zeros(3, 64, 64, dtype=torch.uint8)}, "of torch.uint8 was given"),
        ],
    )
    def test_what_it_refuses(self, picture: NDArray[np.uint8], options: dict[str, object], said: str) -> None:
        with installed("fgresq.plugs.basicsr", {"basicsr": {}, "basicsr.metrics": {}}):
            metric = plug("basicsr").calculate_fgresq
            with pytest.raises(UserError, match=said):
                metric(**{"img": picture[..., ::-1], **options})

    def test_without_basicsr(self) -> None:
        with pytest.raises(UserError, match="there is no package `basicsr` here"):
            plug("basicsr")


class TestDeepinv:
    MODULES: Mapping[str, dict[str, object]] = {
        "deepinv": {},
        "deepinv.loss": {},
        "deepinv.loss.metric": {"Metric": DeepinvMetric},
    }

    def test_scores_of_a_batch(self, scorer: Scorer, picture: NDArray[np.uint8]) -> None:
        with installed("fgresq.plugs.deepinv", self.MODULES):
            metric = plug("deepinv").FGResQ()
            images = torch.cat([batch(picture), batch(picture[::-1].copy())])
            found = metric(images, None)
            assert found.shape == (2,)
            assert found[0].item() == pytest.approx(scorer.score(picture).score, abs=TOLERANCE)
            assert not metric.lower_better
            loss = plug("deepinv").FGResQ(train_loss=True)
            assert loss(images, images).tolist() == pytest.approx((-found).tolist(), abs=TOLERANCE)
            with pytest.raises(ImageError):
                metric(images + 0.5)
            plug("deepinv").FGResQ(norm_inputs="clip")(images + 0.5)

    def test_without_deepinv(self) -> None:
        with pytest.raises(UserError, match="pip install deepinv"):
            plug("deepinv")


class TestMmagic:
    def test_predictions_are_bgr_in_0_to_255(self, scorer: Scorer, picture: NDArray[np.uint8]) -> None:
        registry = Modules()
        base = "mmagic.evaluation.metrics.base_sample_wise_metric"
        names = ("mmagic", "mmagic.evaluation", "mmagic.evaluation.metrics")
        modules: dict[str, dict[str, object]] = {name: {} for name in names}
        modules |= {base: {"BaseSampleWiseMetric": BaseSampleWiseMetric}, "mmagic.registry": {"METRICS": registry}}
        with installed("fgresq.plugs.mmagic", modules):
            plug("mmagic")
            made = registry.kept["FGResQ"]
            bgr = torch.from_numpy(picture[..., ::-1].transpose(2, 0, 1).copy()).float()
            metric = made()
            metric.process(None, [{"gt_img": bgr * 0, "output": {"pred_img": each}} for each in (bgr, bgr.byte())])
            wanted = scorer.score(picture).score
            assert metric.compute_metrics(metric.results) == {"FGResQ": pytest.approx(wanted, abs=TOLERANCE)}
            cut = made(crop_border=2, channel_order="RGB", scaling=100)
            cut.process(None, [{"gt_img": None, "output": {"pred_img": bgr.flip(0).numpy()}}])
            inside = scorer.score(picture[2:-2, 2:-2].copy()).score
            assert cut.compute_metrics(cut.results) == {"FGResQ": pytest.approx(100 * inside, abs=1e-4)}
            for options, said in (({"channel_order": "YUV"}, "use BGR or RGB"), ({"crop_border": -1}, "0 or more")):
                with pytest.raises(UserError, match=said):
                    made(**options)
            with pytest.raises(UserError, match=r"\(3, height, width\) is needed"):
                metric.process_image(None, torch.zeros(64, 64), None)
            with pytest.raises(UserError, match="leaves nothing of 64x64"):
                made(crop_border=32).process_image(None, torch.zeros(3, 64, 64), None)
            with pytest.raises(ImageError):
                metric.process_image(None, bgr * 2, None)

    def test_without_mmagic(self) -> None:
        with pytest.raises(UserError, match="needs mmagic"):
            plug("mmagic")


class TestFiftyone:
    MODULES: Mapping[str, dict[str, object]] = {
        "fiftyone": {"Dataset": FiftyoneDataset, "Group": FiftyoneGroup, "Sample": dict}
    }

    def test_a_group_a_content(self, scorer: Scorer, picture: NDArray[np.uint8], tmp_path: Path) -> None:
        for algorithm, size in (("sharp", 96), ("soft", 24)):
            for content in ("a", "b"):
                path = tmp_path / algorithm / f"{content}.png"
                path.parent.mkdir(exist_ok=True)
                Image.fromarray(picture).resize((size, size)).resize((96, 96)).save(path)
        ranking = scorer.rank(tmp_path)
        with installed("fgresq.plugs.fiftyone", self.MODULES):
            dataset = plug("fiftyone").to_fiftyone(ranking, "mine")
        assert dataset.saved
        assert dataset.group == ("group", "sharp")
        assert [(each["content"], each["algorithm"]) for each in dataset.samples] == [
            (content, algorithm) for content in ("a", "b") for algorithm in ("sharp", "soft")
        ]
        groups = [each["group"][0] for each in dataset.samples]
        assert groups[0] is groups[1]
        assert groups[1] is not groups[2]
        assert [each["group"][1] for each in dataset.samples] == ["sharp", "soft"] * 2
        assert all(Path(each["filepath"]).is_file() and 0 < each["fgresq"] < 1 for each in dataset.samples)
        assert [each["won"] for each in dataset.samples] == [1, 0, 1, 0]
        assert [each["best_of_content"] for each in dataset.samples] == [True, False] * 2
        assert [row["algorithm"] for row in dataset.info["leaderboard"]] == ["sharp", "soft"]

    def test_pictures_that_are_no_files(self, scorer: Scorer, picture: NDArray[np.uint8]) -> None:
        ranking = scorer.rank({"one": {"a": picture}, "two": {"a": picture[::-1].copy()}})
        with installed("fgresq.plugs.fiftyone", self.MODULES), pytest.raises(UserError, match="not a file"):
            plug("fiftyone").to_fiftyone(ranking)

    def test_without_fiftyone(self) -> None:
        with pytest.raises(UserError, match="pip install fiftyone"):
            plug("fiftyone")
