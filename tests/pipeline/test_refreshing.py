"""What became stale is worked out anew from the archive alone, and nothing else is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jeoul.archive import Archive, create_archive, tables
from jeoul.archive.lineage import refresh_list, stale
from jeoul.pipeline.campaign import run_campaign
from jeoul.pipeline.campaign_plan import read_campaign_plan
from jeoul.pipeline.refresh import as_lines, refresh

PLAN = """
[plan]
name = "Incoming inspection"

[[accuracy]]
file = "accuracy.toml"

[[files]]
match = ["*1C*.csv", "*Co20*.csv"]
description = "description.toml"
standards = ["IEC 62660-1:2018"]
metrics = true
profile = "limits.toml"
item = { file = "item.toml" }
"""


@pytest.fixture
def judged(tmp_path: Path, desk: Path) -> Iterator[Archive]:
    """Two runs, each measured and judged against the limits of the desk."""
    (desk / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_archive(tmp_path / "archive", who="Hong Gildong") as made:
        summary = run_campaign(made, [desk / "data"], plan=read_campaign_plan(desk / "plan.toml"))
        assert summary.failed == 0
        yield made


def _evaluations(archive: Archive) -> list[dict[str, Any]]:
    table = tables.evaluations
    return [dict(row) for row in archive.catalogue.rows(select(table).order_by(table.c.made_at))]


def _new_limits(archive: Archive, desk: Path) -> None:
    """The same limits file with another content, kept as the campaign keeps it."""
    query = select(tables.definitions.c.name).where(tables.definitions.c.kind == "limits")
    (name,) = {row["name"] for row in archive.catalogue.rows(query)}
    text = (desk / "limits.toml").read_text(encoding="utf-8") + "\n# issue 2\n"
    archive.keep_definition("limits", name, text.encode())


def test_new_limits_make_the_judgements_stale_and_refresh_makes_just_those_anew(
    judged: Archive, desk: Path
) -> None:
    before = _evaluations(judged)
    assert refresh(judged) == ()
    _new_limits(judged, desk)
    waiting = {one.identity for one in refresh_list(judged)}
    assert waiting == {one["id"] for one in before if one["standard"]}
    shutil.rmtree(desk)  # no raw file and no definition lies where it lay
    found = refresh(judged)
    assert {one.stale.identity for one in found} == waiting
    assert all(not one.failed for one in found), [one.failed for one in found]
    after = {one["id"]: one for one in _evaluations(judged)}
    for one in found:
        assert one.new is not None
        old, new = after[one.stale.identity], after[one.new.id]
        assert (old["state"], old["superseded_by"], new["state"]) == ("superseded", one.new.id, "current")
        assert (new["verdict"], new["conformity"]) == (old["verdict"], old["conformity"])
    assert [one for one in before if not one["standard"]] == [
        after[one["id"]] for one in before if not one["standard"]
    ]
    assert stale(judged) == ()
    assert judged.check() == []
    assert all("now" in line for line in as_lines(found))


def test_a_value_is_the_same_from_the_archive_as_from_the_file(judged: Archive, desk: Path) -> None:
    """The kept run gives every value that the raw file gave: rows, counters and findings came back whole."""
    assert (before := _values(judged))
    _new_limits(judged, desk)
    refresh(judged)
    assert _values(judged) == before


def _values(archive: Archive) -> list[tuple[Any, ...]]:
    results, evaluations = tables.results.c, tables.evaluations.c
    query = (
        select(results.run_id, results.clause, results.metric, results.value, results.standard_uncertainty)
        .join(tables.evaluations, evaluations.id == results.evaluation_id)
        .where(evaluations.state == "current", evaluations.standard.is_not(None))
        .order_by(results.run_id, results.clause, results.id)
    )
    return sorted((tuple(row.values()) for row in archive.catalogue.rows(query)), key=repr)


def test_what_rests_on_a_retracted_run_is_named_and_left(judged: Archive) -> None:
    run = judged.catalogue.rows(select(tables.runs.c.id))[0]["id"]
    judged.retract(f"run:{run}", why="wrong cell on the channel")
    found = refresh(judged)
    assert {one.new for one in found} == {None}
    assert all("was retracted" in one.failed for one in found)
    assert judged.check() == []
