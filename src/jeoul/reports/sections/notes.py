"""Notes of the evaluation: those that differ in their clause or file alone are told as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jeoul.reports.blocks import Block, Cell, Column, Heading, Paragraph, Row, Table
from jeoul.reports.messages import Messages
from jeoul.reports.sections.wording import files_of
from jeoul.standards.evaluation import Evaluation

FEW = 3
"""Notes that differ in their clause or file alone and are more than this many become one line."""
_CLAUSE, _FILE = "\u2460", "\u2461"


def notes(evaluation: Evaluation, messages: Messages) -> list[Block]:
    """Each note as a paragraph; those that differ in clause and file alone as one row of a table."""
    said = evaluation.notes_by_language.get(messages.language) or evaluation.notes
    if not said:
        return []
    groups = _alike(said, evaluation)
    single = [note for same in groups if len(same) <= FEW for note, _, _ in same]
    many = [same for same in groups if len(same) > FEW]
    blocks: list[Block] = [Heading(messages("Notes"), 2), *(Paragraph(note) for note in single)]
    if many:
        columns = (
            Column(messages("Note"), 1.6),
            Column(messages("Clauses"), 1.6),
            Column(messages("Files"), 0.8),
        )
        blocks.append(Table(columns, tuple(_row(same, messages) for same in many)))
    return blocks


Told = tuple[str, str, str]
"""A note, the clause and the file that it names."""


def _alike(said: Sequence[str], evaluation: Evaluation) -> list[list[Told]]:
    """The notes, those with the same words but for clause and file together, in order of the first."""
    clauses = sorted({clause.clause for clause in evaluation.clauses}, key=len, reverse=True)
    names = {str(run.provenance.get("file_name", "")) for run in evaluation.runs} - {""}
    files = {name: str(number) for name, number in _numbers(evaluation) if name in names}
    groups: dict[str, list[Told]] = {}
    for note in said:
        file = next((name for name in sorted(files, key=len, reverse=True) if name in note), "")
        bare = note.replace(file, _FILE) if file else note
        clause = next((number for number in clauses if number in bare), "")
        pattern = bare.replace(clause, _CLAUSE) if clause else bare
        groups.setdefault(pattern, []).append((note, clause, files.get(file, "")))
    return list(groups.values())


def _numbers(evaluation: Evaluation) -> Iterable[tuple[str, int]]:
    numbers = files_of(evaluation)
    for run in evaluation.runs:
        yield str(run.provenance.get("file_name", "")), numbers[str(run.provenance.get("sha256", ""))]


def _row(same: Sequence[Told], messages: Messages) -> Row:
    note = same[0][0]
    clauses = ", ".join(dict.fromkeys(clause for _, clause, _ in same if clause))
    files = ", ".join(dict.fromkeys(number for _, _, number in same if number))
    example = messages("{count} notes such as: {note}", count=len(same), note=note)
    return Row((Cell(example), Cell(clauses or "–"), Cell(files or "–")))
