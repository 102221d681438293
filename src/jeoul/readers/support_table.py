"""The support table, made from the `format.toml` of every reader: `jeoul formats --markdown`."""

from __future__ import annotations

from collections.abc import Sequence

from jeoul.readers.description import FormatDescription

_HEAD = """# Formats

This page is made from the descriptions of the readers: `jeoul formats --markdown`.

*real*: read from real files. *made*: no real file may be published; read from files made after the
published layout, and untested on real ones. Speed is that of the largest real file at hand; how it
compares with other programs stands in [benchmarks](benchmarks.md), what becomes of damaged files in
[damage](damage.md).
"""


def support_table(descriptions: Sequence[FormatDescription]) -> str:
    """The page: a table of all formats, then what each does not read and what damage it cannot see."""
    lines = [
        _HEAD,
        "| format | what | file names | evidence | speed | versions seen |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(description) for description in descriptions]
    for description in descriptions:
        lines += ["", f"## {description.name}", "", *_details(description)]
    return "\n".join(lines) + "\n"


def _row(d: FormatDescription) -> str:
    cells = (
        f"[`{d.name}`](#{d.name})",
        d.title,
        " ".join(f"`{extension}`" for extension in d.extensions),
        d.evidence,
        d.speed,
        "; ".join(d.versions_seen),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _details(d: FormatDescription) -> list[str]:
    return [
        f"{d.title}.",
        "",
        f"- Not read: {'; '.join(d.not_read)}.",
        f"- Damage that nothing in the file reveals: {d.silent_damage}.",
        f"- References: {'; '.join(d.references)}.",
    ]
