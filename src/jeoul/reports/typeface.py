"""The typeface of every report: which characters it has, and what is printed for those it lacks."""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from io import BytesIO

FAMILY = "Pretendard"
FONTS: Traversable = files("jeoul.reports") / "fonts"
_KEPT = frozenset({0x0A, 0x20, 0xA0})


def printable(text: str) -> str:
    """The text with composed characters, and ``[U+6F22]`` for each that the typeface lacks.

    File names from macOS hold Hangul in pieces (NFD), which no font joins reliably. A PDF/A may not
    hold a character without a glyph, nor one for private use; leaving it out would change a name.
    """
    covered = covered_characters()
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))
    if all(ord(character) in covered for character in composed):
        return composed
    return "".join(c if ord(c) in covered else f"[U+{ord(c):04X}]" for c in composed)


@lru_cache(maxsize=1)
def covered_characters() -> frozenset[int]:
    """Code points that the regular and the bold font both have a glyph for."""
    fonts = [(FONTS / f"{FAMILY}-{weight}.otf").read_bytes() for weight in ("Regular", "Bold")]
    both = frozenset.intersection(*(frozenset(_code_points(font)) for font in fonts))
    # Category C: control, format and private use, which no printed text may hold.
    shown = {c for c in both if unicodedata.category(chr(c))[0] != "C"}
    return frozenset(shown) | _KEPT


@lru_cache(maxsize=8)
def web_font(weight: str, characters: frozenset[str]) -> bytes | None:
    """The font with these characters alone, as WOFF, for a page that shows them on any machine.

    weight: ``Regular`` or ``Bold``. None where fontTools (extra ``html``) is not installed. The same
    characters give the same bytes. Digits keep their form of equal width; no other alternate form is kept.
    """
    try:
        from fontTools import subset  # type: ignore[import-untyped]
    except ImportError:
        return None
    options = subset.Options(flavor="woff", layout_features=["tnum"], hinting=False, notdef_outline=True)
    cut, written = subset.Subsetter(options), BytesIO()
    cut.populate(unicodes=sorted(map(ord, characters)))
    with as_file(FONTS / f"{FAMILY}-{weight}.otf") as path, subset.load_font(str(path), options) as font:
        cut.subset(font)
        subset.save_font(font, written, options)
    return written.getvalue()


def _code_points(font: bytes) -> list[int]:
    """Code points of the `cmap` subtable of format 12 (OpenType 1.9, "cmap")."""
    start = _cmap(font)
    (count,) = struct.unpack_from(">H", font, start + 2)
    records = [struct.unpack_from(">HHI", font, start + 4 + 8 * i) for i in range(count)]
    table = next(start + at for _, _, at in records if struct.unpack_from(">H", font, start + at)[0] == 12)
    (groups,) = struct.unpack_from(">I", font, table + 12)
    spans = [struct.unpack_from(">II", font, table + 16 + 12 * i) for i in range(groups)]
    return [code for first, last in spans for code in range(first, last + 1)]


def _cmap(font: bytes) -> int:
    (tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * i) for i in range(tables))
    return next(int(offset) for tag, _, offset, _ in records if tag == b"cmap")
