"""What a build is told: one frozen object, from YAML."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from fgresq.curation.filters import default_tau
from fgresq.curation.jnd.filtering import SizeRule
from fgresq.curation.jnd.noise import JndNoise
from fgresq.curation.jnd.threshold import PAPER_IMAGES
from fgresq.curation.sources import SOURCES, find_source
from fgresq.curation.tau import Tau
from fgresq.errors import UserError
from fgresq.images.decode import printable
from fgresq.names import nearest
from fgresq.records import RestorationTask
from fgresq.version import __version__

DEFAULT = "default"


def _kind(value: object) -> str:
    return DEFAULT if value == DEFAULT else "tau"


TauChoice: TypeAlias = Annotated[
    Annotated[Literal["default"], Tag(DEFAULT)] | Annotated[Tau, Tag("tau")], Discriminator(_kind)
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceCopy(_Frozen):
    """A source and where a copy of it is.

    Attributes:
        name: as declared; `manifest` for any CSV.
        root: folder or CSV; a relative one starts from the configuration's folder.
    """

    name: str
    root: Path

    @model_validator(mode="after")
    def _is_declared(self) -> "SourceCopy":
        try:
            find_source(self.name)
        except UserError as error:
            raise ValueError(str(error)) from error
        return self


class ThresholdRule(_Frozen):
    """Where SSIM_med of eq. 3 comes from: a number, a file of `fgresq curate threshold`, or this build's own images.

    Attributes:
        ssim: the number itself; in YAML it may stand alone.
        file: JSON; a relative one starts from the configuration's folder.
        images: how many are drawn from all that have a task, all when there are fewer.
        seed: of the draw and of random signs.
        noise: gain and sign of the JND noise.
    """

    ssim: float | None = Field(default=None, gt=-1, le=1)
    file: Path | None = None
    images: int = Field(default=PAPER_IMAGES, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    noise: JndNoise = JndNoise()

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: object) -> object:
        return {"ssim": value} if isinstance(value, int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _one_origin(self) -> "ThresholdRule":
        given = [name for name in ("ssim", "file") if getattr(self, name) is not None]
        given += [name for name in ("images", "seed", "noise") if name in self.model_fields_set]
        if len(given) > 1 and (self.ssim is not None or self.file is not None):
            raise ValueError(f"{' and '.join(given)}: a threshold is either given or measured")
        return self


class JndRule(_Frozen):
    """The JND filter.

    Attributes:
        threshold: SSIM_med.
        sizes: what becomes of a pair of images of different sizes: `skip` leaves it out, `crop` compares what both
            share from the top left corner.
        matlab_downsampling: shrink images first, as the authors' later `ssim.m` does.
    """

    threshold: ThresholdRule = ThresholdRule()
    sizes: SizeRule = SizeRule.SKIP
    matlab_downsampling: bool = False


class Sampling(_Frozen):
    """How many pairs are taken of a task; tasks that aren't named keep all.

    Attributes:
        targets: pairs of each task, all when there are fewer.
        seed: another one, other pairs.
    """

    targets: Mapping[RestorationTask, Annotated[int, Field(ge=1)]]
    seed: int = Field(default=0, ge=0, lt=2**63)


class SplitRule(_Frozen):
    """Of both splits, as `fgresq train` draws them from the same numbers.

    Attributes:
        test_share: of the contents, or of the pairs, held out.
        seed: another one, another split.
    """

    test_share: float = Field(default=0.2, gt=0, lt=1)
    seed: int = Field(default=0, ge=0, lt=2**63)


class BuildConfig(_Frozen):
    """A build.

    Attributes:
        name: of the data set.
        sources: what it is made from.
        tau: source to tau_d of eq. 1, for every source that has images with a task; `default` takes our documented
            default.
        jnd: the JND filter.
        sample: targets of pairs; None keeps all.
        split: of both splits.
        workers: processes; None is one a core. Changes nothing in the result.
    """

    name: str = Field(default="fine-grained pairs", min_length=1)
    sources: tuple[SourceCopy, ...] = Field(min_length=1)
    tau: Mapping[str, TauChoice]
    jnd: JndRule = JndRule()
    sample: Sampling | None = None
    split: SplitRule = SplitRule()
    workers: int | None = Field(default=None, ge=1)

    @property
    def taus(self) -> Mapping[str, Tau]:
        """Source to tau_d, our defaults filled in."""
        return {name: tau if isinstance(tau, Tau) else default_tau(name) for name, tau in self.tau.items()}

    def settings(self) -> dict[str, Any]:
        """All that the result depends on besides the sources' files, as JSON takes it."""
        told: dict[str, Any] = self.model_dump(mode="json", exclude={"workers", "tau"})
        told["tau"] = {name: DEFAULT if tau == DEFAULT else str(tau) for name, tau in self.tau.items()}
        told["taus"] = {name: str(tau) for name, tau in self.taus.items()}
        if self.jnd.threshold.file is not None:
            told["threshold_sha256"] = hashlib.sha256(_content(self.jnd.threshold.file)).hexdigest()
        return {"fgresq": __version__, **told}


def read_config(path: Path) -> BuildConfig:
    """Read a YAML file; its relative paths start from its folder.

    Raises:
        UserError: it can't be read, a name isn't known (the nearest are listed), or a value can't be.
    """
    try:
        values = yaml.safe_load(_content(path).decode("utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{printable(path)}: can't be read as YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(values, dict):
        raise UserError(f"{printable(path)}: holds {type(values).__name__}; lines of `name: value` are needed")
    try:
        config = BuildConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{printable(path)}: {_said(error)}") from error
    folder = path.parent.absolute()
    sources = [copy.model_copy(update={"root": folder / copy.root}) for copy in config.sources]
    threshold = config.jnd.threshold
    if threshold.file is not None:
        threshold = threshold.model_copy(update={"file": folder / threshold.file})
    jnd = config.jnd.model_copy(update={"threshold": threshold})
    return config.model_copy(update={"sources": tuple(sources), "jnd": jnd})


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{printable(path)}: can't be read ({error.strerror})") from error


# Where a setting that isn't known was looked for, by the last of these names on its way.
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "sources": SourceCopy,
    "tau": Tau,
    "jnd": JndRule,
    "threshold": ThresholdRule,
    "noise": JndNoise,
    "sample": Sampling,
    "split": SplitRule,
}


def _said(error: ValidationError) -> str:
    problems = []
    for problem in error.errors():
        way = [part for part in problem["loc"] if part != "[key]"]
        if len(way) > 2 and way[0] == "tau":  # `tau: PIPAL: tau: own`; the second is ours, not the file's
            del way[2]
        name = ".".join(map(str, way))
        if problem["type"] == "extra_forbidden":
            section = next((_SECTIONS[str(part)] for part in reversed(way[:-1]) if str(part) in _SECTIONS), BuildConfig)
            problems.append(f"there is no setting {name!r}; {nearest(str(way[-1]), section.model_fields)}")
        elif "targets" in way and problem["type"] == "enum":
            problems.append(f"{name}: isn't a task; {nearest(str(way[-1]), [task.value for task in RestorationTask])}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(f"{name}: {message[:1].lower()}{message[1:]}" if name else message)
    return "; ".join(problems)


def documented_default(source: str) -> str:
    """What our default of a source is and where it comes from, in words."""
    whose = "declared" if source in SOURCES else "the manifest's"
    return f"{default_tau(source)}, fgresq's own ({whose}); an inference from published counts, not the authors' word"
