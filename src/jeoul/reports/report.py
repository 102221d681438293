"""Stage 5: an Evaluation to a document on disk, by the suffix of its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from jeoul.errors import ReportError, UnknownNameError
from jeoul.reports.blocks import Block, End
from jeoul.reports.json_renderer import evaluation_sha256, render_json
from jeoul.reports.messages import LANGUAGES, Messages, messages
from jeoul.reports.sections import SECTIONS
from jeoul.reports.sections.glance import designation
from jeoul.reports.typst_renderer import Document, render_pdf
from jeoul.standards.evaluation import Evaluation

SUFFIXES = (".pdf", ".json")


def write_report(
    evaluation: Evaluation,
    path: str | Path,
    *,
    language: str | Sequence[str],
    made_at: datetime | None = None,
) -> Path:
    """Write the report of this evaluation and return where it is.

    path: the suffix says what is written: ``.pdf``, or ``.json`` for machines (which holds both
    languages). language: ``"ko"``, ``"en"``, or several, as ``"ko+en"`` or ``("ko", "en")``: one PDF with
    one report after the other. made_at: the time printed in the report, with its time zone; now where
    it is not given. The same evaluation, languages and time give the same bytes.

    The file appears whole or not at all. Raises `ReportError` for another suffix, a folder that is not
    there or not writable, and a time without a zone; `UnknownNameError` for an unknown language.
    """
    target = Path(path)
    languages = _languages(language)
    when = _when(made_at)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ReportError(
            f"no report can be written as '{target.suffix}'.",
            advice=f"Name it with one of {', '.join(SUFFIXES)}.",
            path=target,
        )
    _check_folder(target)
    if suffix == ".json":
        return _write(target, render_json(evaluation, when))
    return _write(target, render_pdf([_document(evaluation, one, when) for one in languages], when))


def report_blocks(evaluation: Evaluation, language: str) -> tuple[Block, ...]:
    """All blocks of the report in one language, section after section, with its end."""
    words = messages(language)
    blocks = [block for section in SECTIONS for block in section(evaluation, words)]
    return (*blocks, End(words("End of the report")))


def _document(evaluation: Evaluation, language: str, when: datetime) -> Document:
    words = messages(language)
    item = str(evaluation.item.get("name", ""))
    return Document(
        language=language,
        title=f"{words('Test report')}: {item}",
        head=" · ".join(part for part in (designation(evaluation), item) if part),
        foot=_foot(evaluation, words, when),
        page=words("Page {page} of {pages}"),
        blocks=report_blocks(evaluation, language),
    )


def _foot(evaluation: Evaluation, words: Messages, when: datetime) -> str:
    identity = words("Evaluation {identity}", identity=evaluation_sha256(evaluation)[:16])
    return f"{identity} · {words('made on {time}', time=when.isoformat(sep=' ', timespec='minutes'))}"


def _languages(language: str | Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(language.split("+")) if isinstance(language, str) else tuple(language)
    for one in chosen:
        messages(one)
    if not chosen:
        raise UnknownNameError("no language was given.", advice=f"There are: {', '.join(LANGUAGES)}.")
    return chosen


def _when(made_at: datetime | None) -> datetime:
    when = datetime.now(UTC) if made_at is None else made_at
    if when.tzinfo is None:
        raise ReportError(
            f"the time {when.isoformat()} has no time zone.",
            advice="Give one, for example datetime.now(UTC).",
        )
    return when.replace(microsecond=0)


def _check_folder(target: Path) -> None:
    if not target.parent.is_dir():
        raise ReportError("there is no such folder.", advice="Make it first.", path=target.parent)
    if target.is_dir():
        raise ReportError("this is a folder.", advice="Give the name of a file in it.", path=target)


def _write(target: Path, content: bytes) -> Path:
    """By way of a file beside it, so that a report cut short never bears the name of a whole one."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        why = error.strerror or str(error)
        raise ReportError(f"the report cannot be written ({why}).", path=target) from error
    return target
