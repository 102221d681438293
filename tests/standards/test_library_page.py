"""The page of the standards says what the definitions hold, and is made from them."""

from __future__ import annotations

import runpy
from pathlib import Path

from jeoul.standards import find_standard, standards
from jeoul.standards.outline import count_numbers


def test_the_page_is_that_of_the_definitions(root: Path) -> None:
    made = runpy.run_path(str(root / "tools" / "standards_table.py"))["page"]()
    kept = (root / "docs" / "standard-library.md").read_text("utf-8")
    assert kept == made, "run: python tools/standards_table.py > docs/standard-library.md"


def test_every_missing_number_is_named_and_every_standard_has_its_line(root: Path) -> None:
    page = (root / "docs" / "standard-library.md").read_text("utf-8")
    for standard in standards():
        counted = count_numbers(standard)
        assert f"| `{standard.id}` | {standard.designation} | {len(standard.clauses)} |" in page
        assert (counted["missing"] > 0) == ("- missing:" in section(page, standard.designation))
    assert "rest before the open-circuit voltage is read" in section(
        page, find_standard("kc_10031").designation
    )


def section(page: str, designation: str) -> str:
    """The part of the page that is about one standard."""
    return page.split(f"\n## {designation}\n", 1)[1].split("\n## ", 1)[0]
