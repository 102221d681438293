"""Stage 5: an Evaluation to a document on disk, by the suffix of its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from jeoul.errors import ReportError, UnknownNameError
from jeoul.reports.attachments import EVALUATION, Attachment, distinct
from jeoul.reports.blocks import Block, End
from jeoul.reports.completeness import check_complete
from jeoul.reports.html_renderer import render_html
from jeoul.reports.json_renderer import NO_COVER, evaluation_sha256, render_json
from jeoul.reports.messages import LANGUAGES, Messages, messages
from jeoul.reports.report_data import STATES, Cover, ReportData, State
from jeoul.reports.sections import SECTIONS, blocks_of
from jeoul.reports.sections.glance import designation, kind_of_report
from jeoul.reports.typst_renderer import Document, render_pdf
from jeoul.reports.xlsx_renderer import render_xlsx
from jeoul.standards.evaluation import Evaluation

_Carried = tuple[Attachment, ...]
SUFFIXES = (".pdf", ".html", ".xlsx", ".json")


def write_report(
    evaluation: Evaluation,
    path: str | Path,
    *,
    language: str | Sequence[str],
    made_at: datetime | None = None,
    data: ReportData | None = None,
    state: State = "draft",
    attachments: Sequence[Attachment] = (),
) -> Path:
    """Write the report of this evaluation and return where it is.

    path: the suffix says what is written: ``.pdf``, ``.html`` (one file that asks for nothing else),
    ``.xlsx`` (the tables), or ``.json`` for machines (which holds both languages). language: ``"ko"``,
    ``"en"``, or several, as ``"ko+en"`` or ``("ko", "en")``: one document with one report after the other.
    made_at: the time printed in the report, with its time zone; now where it is not given. data: what the
    laboratory says around it (`read_report_data`). state: ``draft``, which may lack anything and says so on
    every page, or ``issue``. attachments: files that a PDF carries in itself; it always carries the
    evaluation as JSON, so that a machine reads what was signed. The same evaluation, data, languages, state,
    attachments and time give the same bytes.

    The file appears whole or not at all. Raises `ReportError` for another suffix or state, a folder that is
    not there or not writable, a time without a zone, an issue that lacks what ISO/IEC 17025 asks for, and
    data that name what the evaluation does not have; `UnknownNameError` for an unknown language.
    """
    target = Path(path)
    languages = languages_of(language)
    when = time_of(made_at)
    check_target(target)
    _check_state(state)
    cover = Cover(data, state)
    check_complete(evaluation, cover)
    return write_whole(
        target, _RENDERERS[target.suffix.lower()](evaluation, cover, languages, when, tuple(attachments))
    )


def report_blocks(evaluation: Evaluation, language: str, cover: Cover = NO_COVER) -> tuple[Block, ...]:
    """All blocks of the report in one language, section after section, with its end."""
    words = messages(language)
    blocks = [block for section in SECTIONS for block in blocks_of(section, evaluation, cover, words)]
    return (*blocks, End(words("End of the report")))


def documents(
    evaluation: Evaluation, cover: Cover, languages: Sequence[str], when: datetime
) -> tuple[Document, ...]:
    """The report in each language, ready for a renderer."""
    return tuple(_document(evaluation, cover, language, when) for language in languages)


def _pdf(
    evaluation: Evaluation, cover: Cover, languages: Sequence[str], when: datetime, carried: _Carried
) -> bytes:
    content = render_json(evaluation, when, cover)
    own = Attachment(EVALUATION, content, "application/json", "The evaluation, for machines")
    return render_pdf(
        documents(evaluation, cover, languages, when),
        when,
        attachments=distinct((own, *carried)),
        keywords=(f"evaluation:{evaluation_sha256(evaluation)}",),
    )


def _html(
    evaluation: Evaluation, cover: Cover, languages: Sequence[str], when: datetime, carried: _Carried
) -> bytes:
    return render_html(documents(evaluation, cover, languages, when))


def _xlsx(
    evaluation: Evaluation, cover: Cover, languages: Sequence[str], when: datetime, carried: _Carried
) -> bytes:
    return render_xlsx(documents(evaluation, cover, languages, when), evaluation, when)


def _json(
    evaluation: Evaluation, cover: Cover, languages: Sequence[str], when: datetime, carried: _Carried
) -> bytes:
    return render_json(evaluation, when, cover)


_RENDERERS: dict[str, Callable[[Evaluation, Cover, Sequence[str], datetime, _Carried], bytes]] = {
    ".pdf": _pdf,
    ".html": _html,
    ".xlsx": _xlsx,
    ".json": _json,
}


def _document(evaluation: Evaluation, cover: Cover, language: str, when: datetime) -> Document:
    words = messages(language)
    item = str(evaluation.item.get("name", ""))
    number = cover.data.number if cover.data else ""
    return Document(
        language=language,
        title=f"{kind_of_report(cover, words)}: {item}",
        head=" · ".join(part for part in (number, designation(evaluation), item) if part),
        foot=_foot(evaluation, words, when),
        page=words("Page {page} of {pages}"),
        blocks=report_blocks(evaluation, language, cover),
        stamp=words("Draft") if cover.state == "draft" else "",
    )


def _foot(evaluation: Evaluation, words: Messages, when: datetime) -> str:
    identity = words("Evaluation {identity}", identity=evaluation_sha256(evaluation)[:16])
    return f"{identity} · {words('made on {time}', time=when.isoformat(sep=' ', timespec='minutes'))}"


def languages_of(language: str | Sequence[str]) -> tuple[str, ...]:
    """The languages that are named, each of which there must be."""
    chosen = tuple(language.split("+")) if isinstance(language, str) else tuple(language)
    for one in chosen:
        messages(one)
    if not chosen:
        raise UnknownNameError("no language was given.", advice=f"There are: {', '.join(LANGUAGES)}.")
    return chosen


def time_of(made_at: datetime | None) -> datetime:
    """The time that a report bears: the one given, which must have a zone, else now; to the second."""
    when = datetime.now(UTC) if made_at is None else made_at
    if when.tzinfo is None:
        raise ReportError(
            f"the time {when.isoformat()} has no time zone.",
            advice="Give one, for example datetime.now(UTC).",
        )
    return when.replace(microsecond=0)


def _check_state(state: str) -> None:
    if state not in STATES:
        raise ReportError(f"a report is not '{state}'.", advice=f"It is one of {', '.join(STATES)}.")


def check_target(target: Path) -> None:
    """Raises `ReportError` where no report can be written to this name."""
    if target.suffix.lower() not in SUFFIXES:
        raise ReportError(
            f"no report can be written as '{target.suffix}'.",
            advice=f"Name it with one of {', '.join(SUFFIXES)}.",
            path=target,
        )
    if not target.parent.is_dir():
        raise ReportError("there is no such folder.", advice="Make it first.", path=target.parent)
    if target.is_dir():
        raise ReportError("this is a folder.", advice="Give the name of a file in it.", path=target)


def write_whole(target: Path, content: bytes) -> Path:
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
