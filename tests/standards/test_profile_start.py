"""The start of a profile: a laboratory takes the marks away, and what its copy says is confirmed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from jeoul.errors import DefinitionError
from jeoul.standards import find_standard, read_limits, standards
from jeoul.standards.changes import fact_at
from jeoul.standards.limits import confirm
from jeoul.standards.profile_start import open_numbers, start_profile, write_profile_start

MARK = "# [[confirm]]"
SIGNED = '[confirmed]\nby = "Hong Gildong"\non = 2026-03-02\nedition = "our copy 17"\n'


def filled_in(text: str) -> str:
    """What a laboratory does: every mark taken away, the missing values written (each is 1)."""
    entries = [block[block.index(MARK) :] for block in text.split("\n\n") if MARK in block]
    bare = [re.sub(r"^# ", "", entry, flags=re.M) for entry in entries]
    said = [re.sub(r"value =$", "value = 1", entry, flags=re.M) for entry in bare]
    return "\n".join(['name = "our copy"', 'version = "1"', SIGNED, *said])


@pytest.mark.parametrize("name", [standard.id for standard in standards()])
def test_a_profile_filled_in_leaves_no_number_open(name: str, tmp_path: Path) -> None:
    standard = find_standard(name)
    path = tmp_path / "profile.toml"
    path.write_text(filled_in(start_profile(standard)), encoding="utf-8")
    limits = read_limits(path)
    assert len(limits.confirmed) == len(open_numbers(standard))
    assert open_numbers(confirm(standard, limits)) == ()


def test_the_start_of_a_profile_confirms_nothing(tmp_path: Path) -> None:
    standard = find_standard("iec_62660_1_2018")
    limits = read_limits(write_profile_start(standard, tmp_path / "profile.toml"))
    assert limits.confirmed == ()
    assert confirm(standard, limits) == standard


def test_a_profile_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text("somebody's work", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_profile_start(find_standard("kc_10031"), path)
    assert path.read_text(encoding="utf-8") == "somebody's work"


def test_a_number_that_clauses_share_is_asked_once_and_one_that_differs_for_each_of_them() -> None:
    standard = find_standard("iec_62660_1_2018")
    asked = [number for number in open_numbers(standard) if number.place == "temperature.target"]
    held = {clause.clause: fact_at(clause, "temperature.target")[0] for clause in standard.clauses if
            any(condition.name == "temperature" for condition in clause.conditions)}  # fmt: skip
    assert {number.clause for number in asked} == set(held)
    (shared,) = (number for number in open_numbers(standard) if number.place == "instruments.voltage")
    assert (shared.clause, shared.clauses[0]) == ("", "7.2")


def test_who_confirmed_is_said_once_and_a_number_may_say_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    entry = '[[confirm]]\nnumber = "instruments.{}"\nvalue = 1.0\nunit = "%"\n'
    own = 'by = "Kim Cheolsu"\non = 2026-05-01\n'
    text = SIGNED + entry.format("voltage") + entry.format("current") + own
    path.write_text('name = "x"\nversion = "1"\n' + text, encoding="utf-8")
    first, second = read_limits(path).confirmed
    assert (first.by, first.on, first.edition) == ("Hong Gildong", date(2026, 3, 2), "our copy 17")
    assert (second.by, second.on, second.edition) == ("Kim Cheolsu", date(2026, 5, 1), "our copy 17")


def test_a_number_that_nobody_signs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    text = '[[confirm]]\nnumber = "instruments.voltage"\nvalue = 1.0\nunit = "%"\n'
    path.write_text('name = "x"\nversion = "1"\n' + text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"confirm.*(by|on)"):
        read_limits(path)
