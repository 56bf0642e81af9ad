"""A file's name in its parts: words, numbers and scales, and what of them says nothing of the content."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
# A scale that is written onto the word before it: 0901x4, rocketX2; 4x only after a letter, 14x would be a number.
_ATTACHED = re.compile(r"(?P<head>.+?)(?P<scale>x(?:1[0-6]|[1-9])|(?<=[^\W\d_])(?:1[0-6]|[1-9])x)", re.IGNORECASE)
_SCALE = re.compile(r"x(?:1[0-6]|[1-9])|(?:1[0-6]|[1-9])x", re.IGNORECASE)
_BEFORE_A_SCALE = frozenset({"srf", "scale", "sf"})

# What tools write behind or before a content's name, whatever the algorithm.
_GENERIC = frozenset(
    {"out", "output", "outputs", "result", "results", "res", "rlt", "pred", "prediction", "fake", "final", "est"}
    | {
        "sr",
        "hr",
        "lr",
        "gt",
        "hq",
        "lq",
        "rgb",
        "bgr",
        "srf",
        "img",
        "image",
        "restored",
        "rain",
        "norain",
        "enhanced",
        "reconstructed",
    }
    | {"derained", "deblurred", "denoised", "dehazed", "clean", "ref", "reference", "original", "orig", "target"}
)

# Names of methods, used only to tell which of two parts of a name is the algorithm, never to find a content.
_METHODS = frozenset(
    {"nearest", "nn", "bilinear", "bicubic", "lanczos", "icbi", "nedi", "srcnn", "fsrcnn", "vdsr", "drcn", "lapsrn"}
    | {"edsr", "mdsr", "rdn", "rcan", "san", "han", "nlsn", "ipt", "swinir", "swin2sr", "hat", "dat", "elan", "mambair"}
    | {"srgan", "srresnet", "esrgan", "realesrgan", "real-esrgan", "bsrgan", "ranksrgan", "ldl", "dcscn", "edvr"}
    | {"stablesr", "diffbir", "seesr", "pasd", "osediff", "sinsr", "resshift", "supir", "sr3", "ldm", "invsr", "dit4sr"}
    | {
        "restormer",
        "nafnet",
        "mprnet",
        "mirnet",
        "uformer",
        "maxim",
        "promptir",
        "airnet",
        "hinet",
        "grl",
        "xrestormer",
    }
    | {"dncnn", "ffdnet", "cbdnet", "bm3d", "scunet", "drunet", "nlm", "median", "gaussian", "wiener", "bilateral"}
    | {"deblurgan", "deblurganv2", "srn", "dmphn", "ffanet", "dehazeformer", "aodnet", "dcp", "rescan", "prenet"}
    | {"gfpgan", "codeformer", "restoreformer", "vqfr", "gpen", "dfdnet", "arnet", "arcnn", "fbcnn", "zerodce"}
    | {"retinexformer", "kind", "enlightengan", "ours", "proposed", "baseline", "input", "gt", "hr", "lr", "mean"}
    | {"original", "reference", "degraded", "restored", "noisy", "blurry", "hazy", "rainy", "sr"}
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or scale of a name.

    Attributes:
        text: as it is written.
        key: the same in small letters, composed.
        start, end: where it stands in the name.
        is_scale: whether it is a scale such as x4, or the 4 of SRF_4.
    """

    text: str
    key: str
    start: int
    end: int
    is_scale: bool

    @property
    def is_number(self) -> bool:
        """Whether it is digits alone and no scale."""
        return self.key.isdigit() and not self.is_scale

    @property
    def is_generic(self) -> bool:
        """Whether tools write it beside any content's name."""
        return self.key in _GENERIC


def key_of(text: str) -> str:
    """What two names that differ only in case, or in how accents are encoded, have in common."""
    return unicodedata.normalize("NFC", text).casefold()


def tokens(name: str) -> list[Token]:
    """Words, numbers and scales of a name; whatever else stands between them separates."""
    found: list[Token] = []
    for word in _WORD.finditer(name):
        attached = _ATTACHED.fullmatch(word.group())
        cuts = [word.start(), word.end()]
        if attached is not None:
            cuts.insert(1, word.start() + attached.end("head"))
        for start, end in itertools.pairwise(cuts):
            text = name[start:end]
            behind = found[-1].key in _BEFORE_A_SCALE if found else False
            found.append(
                Token(text, key_of(text), start, end, bool(_SCALE.fullmatch(text)) or (behind and len(text) < 3))
            )
    return found


def words_of(names: Iterable[str]) -> frozenset[str]:
    """Every word of some names, and every run of neighbouring words written as one: real, esrgan, realesrgan."""
    words: set[str] = set()
    for name in names:
        keys = [token.key for token in tokens(name)]
        words.update("".join(keys[i:j]) for i in range(len(keys)) for j in range(i + 1, len(keys) + 1))
    return frozenset(words)


def names_a_method(name: str) -> bool:
    """Whether a word of the name is one that methods of restoration, or pictures they start from, are called by."""
    return not _METHODS.isdisjoint(words_of([name]))


def is_enumerated(names: Sequence[str]) -> bool:
    """Whether names differ in their numbers only, as those of numbered pictures do."""
    if len({re.sub(r"\d+", "#", name) for name in names}) != 1 or not re.search(r"\d", names[0]):
        return False
    letters = {token.key.rstrip("0123456789") for token in tokens(names[0])}
    return letters.isdisjoint(_NUMBERED_ALGORITHMS)


_NUMBERED_ALGORITHMS = frozenset(
    {"v", "ver", "version", "iter", "iters", "iteration", "epoch", "ep", "step", "steps", "ckpt", "checkpoint", "net"}
    | {"model", "method", "alg", "algo", "algorithm", "exp", "experiment", "seed", "run", "trial", "x"}
)
