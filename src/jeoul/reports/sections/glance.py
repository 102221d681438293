"""Page one: what was tested, by what, and the two answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from jeoul.reports.blocks import Block, Card, Cards, Cell, KeyValues, Paragraph, Title
from jeoul.reports.completeness import Lack, lacking
from jeoul.reports.messages import Messages
from jeoul.reports.report_data import Cover, ReportData
from jeoul.reports.sections.stated import day_cell, text_cell
from jeoul.reports.sections.wording import DOUBTFUL, facts_of, mark
from jeoul.standards.evaluation import Conformity, Evaluation, Verdict


def glance(evaluation: Evaluation, cover: Cover, messages: Messages) -> tuple[Block, ...]:
    """The title, the item, the two answers apart, and what a reader must know before trusting them."""
    return (
        _title(evaluation, cover, messages),
        *_standing(evaluation, cover, messages),
        _subject(evaluation, cover.data, messages),
        Cards((_conformity(evaluation, messages), _acceptance(evaluation, messages))),
        Paragraph(
            messages(
                "Procedure conformity asks whether the test was run as the procedure asks; acceptance "
                "asks whether the results meet their limits. Neither answer implies the other."
            )
        ),
        *_warnings(evaluation, messages),
    )


def designation(evaluation: Evaluation) -> str:
    """The name by which people cite the standard."""
    standard = evaluation.standard
    return str(standard.get("designation") or standard.get("id", ""))


def kind_of_report(cover: Cover, messages: Messages) -> str:
    """What the document calls itself: without the laboratory's data it is no test report."""
    if cover.data is None:
        return messages("Evaluation report")
    return messages("Amended test report") if cover.data.amendment else messages("Test report")


def _title(evaluation: Evaluation, cover: Cover, messages: Messages) -> Title:
    item = str(evaluation.item.get("name", ""))
    standard = messages.either(evaluation.standard.get("title", {}))
    subtitle = f"{designation(evaluation)} · {standard}".strip(" ·")
    return Title(kind_of_report(cover, messages), subtitle, item)


def _standing(evaluation: Evaluation, cover: Cover, messages: Messages) -> list[Paragraph]:
    """What kind of paper this is: an amendment, a draft with what it lacks, or an evaluation alone."""
    data = cover.data
    if data is None:
        text = messages(
            "The laboratory, the customer and the dates were not given: this is an evaluation of the data, "
            "not a test report by ISO/IEC 17025."
        )
        return [Paragraph(text, "caution")]
    said = []
    if data.amendment:
        said.append(Paragraph(messages("This report replaces report {of}.", of=data.amendment.of or "–")))
    if cover.state == "draft":
        said.append(Paragraph(_draft(lacking(evaluation, data), messages), "caution"))
    return said


def _draft(lacks: tuple[Lack, ...], messages: Messages) -> str:
    if not lacks:
        return messages("Draft, not issued.")
    names = dict.fromkeys(f"{messages.name(lack.key)} ({lack.reference})" for lack in lacks)
    return messages("Draft, not issued. Still lacking: {items}.", items=", ".join(names))


def _subject(evaluation: Evaluation, data: ReportData | None, messages: Messages) -> KeyValues:
    item = evaluation.item
    known = {key for key in _SUBJECT if item.get(key)} - ({"customer"} if data else set())
    pairs = [] if data is None else _parties(data, messages)
    pairs += [(messages.name(key), Cell(str(item[key]))) for key in _SUBJECT if key in known]
    started = [run.metadata["started"] for run in evaluation.runs if run.metadata.get("started")]
    if started:
        pairs.append((messages.name("started"), Cell(", ".join(dict.fromkeys(started)))))
    files = [str(run.provenance.get("file_name", "")) for run in evaluation.runs]
    pairs.append((messages("Raw data"), Cell(", ".join(dict.fromkeys(files)), "code")))
    return KeyValues(tuple(pairs))


def _parties(data: ReportData, messages: Messages) -> list[tuple[str, Cell]]:
    return [
        (messages("Report number"), text_cell({"": data.number}, messages)),
        (messages("Laboratory"), text_cell(data.laboratory.name, messages)),
        (messages.name("customer"), text_cell(data.customer.name, messages)),
        (messages("Issued on"), day_cell(data.dates.issued_on, messages)),
    ]


_SUBJECT = ("model", "serial", "manufacturer", "customer")


def _conformity(evaluation: Evaluation, messages: Messages) -> Card:
    counts = Counter(clause.conformity for clause in evaluation.clauses)
    reason = messages("Clauses: {counts}.", counts=_counts(counts, Conformity, messages))
    answer = mark(evaluation.conformity, messages)
    return Card(messages("Procedure conformity"), answer, reason)


def _acceptance(evaluation: Evaluation, messages: Messages) -> Card:
    decisions = [r.decision for c in evaluation.clauses for r in c.results]
    counts = Counter(Verdict.REPORT_ONLY if d is None else d.verdict for d in decisions)
    counts.update(seen.verdict for c in evaluation.clauses for seen in c.observed)
    reason = messages(
        "Results: {counts}. Decision rule: {rule}.",
        counts=_counts(counts, Verdict, messages),
        rule=messages.name(evaluation.rule),
    )
    return Card(messages("Acceptance"), mark(evaluation.verdict, messages), reason)


def _counts(
    counts: Counter[Conformity] | Counter[Verdict],
    order: Iterable[Conformity] | Iterable[Verdict],
    messages: Messages,
) -> str:
    seen: dict[str, int] = {str(answer): count for answer, count in counts.items()}
    words = [f"{messages.name(str(a))} {seen[str(a)]}" for a in order if str(a) in seen]
    return ", ".join(words) or messages("none")


def _warnings(evaluation: Evaluation, messages: Messages) -> list[Paragraph]:
    texts = []
    if any(fact.status in DOUBTFUL for _, _, fact in facts_of(evaluation, messages)):
        texts.append(
            messages(
                "Some requirements used here are not verified against the published text of the standard. "
                "They are marked where they stand and listed under “Requirements and their sources”."
            )
        )
    accuracy = evaluation.accuracy
    if accuracy is None:
        texts.append(
            messages("The accuracy of the instrument was not given: uncertainties are unknown, not zero.")
        )
    elif accuracy.get("status") == "unverified":
        texts.append(
            messages(
                "The accuracy of the instrument is an assumption, not a calibration: the uncertainties "
                "hold as far as it does."
            )
        )
    return [Paragraph(text, "caution") for text in texts]
