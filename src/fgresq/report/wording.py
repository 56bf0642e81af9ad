"""Names and numbers as a reader sees them."""

import unicodedata

from fgresq.results import Provenance

_CONTROL_PICTURES = 0x2400  # U+2400 and on: one visible sign for each control character
_HASH_SHOWN = 12
_ISOLATING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def visible_name(name: str) -> str:
    """Name on one line, with characters that can't be seen, or that reorder others, made visible.

    A newline becomes ↵, other control characters their Unicode pictures; bidirectional overrides,
    line separators and bytes that weren't UTF-8 become \\u escapes. All else stays as it is.
    """
    return "".join(map(_visible_character, name)) or "(no name)"


def signed(value: float) -> str:
    """Number with two decimals and its sign; zero has none."""
    rounded = round(value, 2) + 0.0
    if rounded == 0.0:
        return "0.00"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.2f}"


def percent(share: float) -> str:
    """Share in [0, 1] as whole percent."""
    return f"{100.0 * share:.0f}%"


def weights_line(provenance: Provenance) -> str:
    """Which weights the numbers come from."""
    return f"weights: {provenance.weights} [{provenance.weights_sha256[:_HASH_SHOWN]}], {provenance.weights_note}"


def _visible_character(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "↵"
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return "␡"
    if (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in _ISOLATING
    ):
        return f"\\u{code:04x}"
    return character
