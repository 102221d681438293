"""The matrix of clauses by what can go wrong: it is whole, it is true in part, and its kit notices faults."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from jeoul.standards import standards
from jeoul.standards.evaluation import Conformity
from jeoul.standards.found import Found
from jeoul.standards.kinds import KINDS
from jeoul.standards.procedure_plan import why_no_plan
from jeoul.standards.wording import say
from jeoul.testing import check_standard
from jeoul.testing.clause_breaks import COLUMNS, ways
from jeoul.testing.clause_rules import RULES

MADE = Path(__file__).with_name("plan_kinds.toml")
# Every clause of these is run again: a capacity, a pulse train that a ladder repeats, a chamber, papers.
AGAIN = [
    ("iec_62660_1_2018", "7.2 HEV"),
    ("usabc_ev_manual", "static capacity"),
    ("un_38_3_rev_7", "T.1"),
    ("eu_2024_1257", "SOCE of M1"),
]


@pytest.fixture(scope="module")
def tool(root: Path) -> ModuleType:
    """The tool that writes the page."""
    spec = importlib.util.spec_from_file_location("clause_matrix", root / "tools" / "clause_matrix.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    path = root / "docs" / "clause-matrix.md"
    if not path.is_file():
        pytest.skip(
            "docs/clause-matrix.md was not made: python tools/clause_matrix.py > docs/clause-matrix.md"
        )
    return path.read_text(encoding="utf-8")


def rows_of(page: str) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """(standard, clause) -> the heads of its table and its cells."""
    found: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    standard, heads = "", list[str]()
    for line in page.splitlines():
        standard = line[3:] if line.startswith("## ") else standard
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells[:1] == ["clause"]:
            heads = cells
        elif cells and not line.startswith("|---"):
            found[standard, cells[0]] = (heads, cells)
    return found


def test_every_clause_of_the_library_has_its_row_and_no_cell_is_empty(page: str, tool: ModuleType) -> None:
    rows = rows_of(page)
    assert set(rows) == {(s.id, c.clause) for s in standards() for c in s.clauses}
    for standard in standards():
        for clause in standard.clauses:
            heads, cells = rows[standard.id, clause.clause]
            steps = bool(clause.sequence) and not why_no_plan(clause)
            titles = tool.columns_of("plan" if steps else "record")
            assert heads[2:] == [tool.SHORT.get(name, words) for name, words in titles.items()]
            assert len(cells) == len(heads)
            assert all(cells), f"{standard.id} {clause.clause} has an empty cell"


def test_the_page_shows_no_fault(page: str) -> None:
    """A fault is printed in bold; the page is not to be committed with one."""
    assert [cells for _, cells in rows_of(page).values() if any("**" in cell for cell in cells)] == []


@pytest.mark.parametrize(("standard", "clause"), AGAIN)
def test_a_part_of_the_page_run_again_is_the_same(
    standard: str, clause: str, page: str, tool: ModuleType
) -> None:
    path = next(path for path in tool.definitions() if path.parent.name == standard)
    rows = check_standard(path, clauses=[clause])
    assert [fault for row in rows for fault in row.faults] == []
    (again,) = rows_of("\n".join(tool.page(rows))).values()
    shown = rows_of(page)[standard, clause]
    assert [_plain(cell) for cell in shown[1]] == [_plain(cell) for cell in again[1]]


def _plain(cell: str) -> str:
    """Without the numbers of notes, which count through a whole table."""
    return "".join(part.partition("]")[2] if "]" in part else part for part in cell.split("["))


def test_every_kind_of_place_is_broken_and_noticed() -> None:
    """The definition made for the tests of plans: a ladder, storage, temperatures, rates, cycles, a profile."""
    rows = check_standard(MADE, clauses=["storage", "rates", "power", "cycles", "profile"])
    assert [fault for row in rows for fault in row.faults] == []
    assert {row.clause: row.good for row in rows} == dict.fromkeys([row.clause for row in rows], "")
    assert all(c.truth is not None for row in rows for c in row.compared if c.name != "cycles")


def test_a_rest_that_is_too_short_is_reported_at_its_place_alone() -> None:
    (row,) = check_standard(MADE, clauses=["ladder"])
    assert row.faults == []
    short = {cell.name: (cell.answer, cell.also) for cell in row.cells["rest_short"]}
    assert short == {"pause": ("deviating", ()), "equilibrium": ("deviating", ())}


def test_a_check_that_notices_nothing_is_a_fault_of_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of power answers that all is well: nothing reports a wrong power any more."""
    from jeoul.standards.conditions import CHECKS

    well = Found(Conformity.CONFORMING, say("power_kept", found=3.0, asked=3.0))
    monkeypatch.setitem(CHECKS, "power_within", lambda condition, taken: well)
    (row,) = check_standard(MADE, clauses=["power"])
    assert row.good == ""
    assert any("'power' was broken and nothing was reported" in fault for fault in row.faults)
    assert row.never_reported == ("power",)


def test_a_check_that_always_complains_is_a_fault_of_the_good_test(monkeypatch: pytest.MonkeyPatch) -> None:
    from jeoul.standards.conditions import CHECKS

    bad = Found(Conformity.DEVIATING, say("power_broken", found=2.0, asked=3.0))
    monkeypatch.setitem(CHECKS, "power_within", lambda condition, taken: bad)
    (row,) = check_standard(MADE, clauses=["power"])
    assert row.faults[0].startswith("plan_kinds power: power is deviating")


def test_every_kind_of_condition_has_a_way_to_break_it() -> None:
    """Of steps in the table of this kit, of signals and observations in that of the stimulus."""
    from jeoul.simulation import stimulus

    of_steps = {kind for column in COLUMNS for kind in column.of}
    of_records = set(stimulus._WAYS_OF)
    seen = {"observed"}
    logical = {name for name, kind in KINDS.items() if kind.logical}
    # That a step is there and in its order is broken by leaving it out and by exchanging it.
    assert set(KINDS) - of_steps - of_records - seen - logical == {"preceded_by"}


def test_one_way_out_of_several_is_broken_only_with_all_of_them() -> None:
    """12 h at 25 °C or 1 h of steady temperature: the wrong temperature alone leaves the second way."""
    clause = next(
        c for s in standards() if s.id == "iec_62660_1_2018" for c in s.clauses if c.clause == "7.2"
    )
    stabilised = next(c for c in clause.conditions if c.name == "stabilised")
    broken = {column.name for column in COLUMNS if ways(column, stabilised, clause)}
    assert broken == {"rest_short", "sensor_lost"}


def test_the_rules_of_consequence_stand_on_the_page(page: str) -> None:
    assert all(f"**{letter}**: {words}" in page for letter, words in RULES.items())
