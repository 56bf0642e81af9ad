"""Stand-ins for packages that can't be installed beside ours: the parts that a plug touches, with their signatures."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
from torch import nn


@contextmanager
def installed(plug: str, modules: Mapping[str, dict[str, object]]) -> Iterator[None]:
    """Modules by name and content, and a plug that hasn't been imported yet."""
    with pytest.MonkeyPatch.context() as patch:
        for name, content in modules.items():
            module = ModuleType(name)
            module.__path__ = []
            vars(module).update(content)
            patch.setitem(sys.modules, name, module)
        patch.delitem(sys.modules, plug, raising=False)
        try:
            yield
        finally:
            sys.modules.pop(plug, None)


class Registry:
    """BasicSR 1.4.2's: a function is registered under its name, once."""

    def __init__(self) -> None:
        self.kept: dict[str, Callable[..., float]] = {}

    def register(self, obj: Callable[..., float]) -> None:
        assert obj.__name__ not in self.kept, "an object of that name was already registered"
        self.kept[obj.__name__] = obj

    def __contains__(self, name: str) -> bool:
        return name in self.kept


class DeepinvMetric(nn.Module):
    """deepinv 0.5.0's `Metric`, as far as a subclass without options of its own uses it."""

    def __init__(self, metric: Any = None, train_loss: bool = False, norm_inputs: str | None = None) -> None:
        super().__init__()
        self.train_loss, self.norm_inputs, self.lower_better = train_loss, norm_inputs, True

    def forward(self, x_net: Any = None, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        found = self.metric(x_net.clamp(0, 1) if self.norm_inputs == "clip" else x_net, x, *args, **kwargs)
        return -found if self.train_loss and not self.lower_better else found


class BaseSampleWiseMetric:
    """mmagic 1.2.0's: one prediction after the other, then their mean."""

    metric: str | None = None

    def __init__(
        self,
        gt_key: str = "gt_img",
        pred_key: str = "pred_img",
        mask_key: str | None = None,
        scaling: float = 1,
        device: str = "cpu",
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        assert self.metric is not None
        self.gt_key, self.pred_key, self.scaling = gt_key, pred_key, scaling
        self.channel_order = "BGR"
        self.results: list[dict[str, float]] = []

    def process(self, data_batch: Any, data_samples: Any) -> None:
        for data in data_samples:
            pred = data["output"][self.pred_key]
            self.results.append({self.metric: self.process_image(data[self.gt_key], pred, 1 - pred * 0)})

    def compute_metrics(self, results: list[dict[str, float]]) -> dict[str, float]:
        return {self.metric: sum(each[self.metric] for each in results) / len(results) * self.scaling}


class Modules:
    """mmengine's registry of classes."""

    def __init__(self) -> None:
        self.kept: dict[str, type] = {}

    def register_module(self) -> Callable[[type], type]:
        return lambda cls: self.kept.setdefault(cls.__name__, cls)


class FiftyoneGroup:
    """fiftyone 1.22.1's `Group`."""

    def element(self, name: str) -> tuple["FiftyoneGroup", str]:
        return self, name


class FiftyoneDataset:
    """fiftyone 1.22.1's `Dataset`, of samples that are dictionaries."""

    def __init__(self, name: str | None = None) -> None:
        self.name, self.info, self.saved = name, {}, False
        self.samples: list[dict[str, Any]] = []
        self.group: tuple[str, str | None] = ("", None)

    def add_group_field(self, field_name: str, default: str | None = None) -> None:
        self.group = (field_name, default)

    def add_samples(self, samples: list[dict[str, Any]]) -> None:
        self.samples += samples

    def save(self) -> None:
        self.saved = True
