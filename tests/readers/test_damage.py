"""Damaged files at a small size; the full survey is benchmarks/damage.py, its figures are in docs/damage.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from jeoul.testing.damage import ALLOWED, survey_damage

HERE = Path(__file__).parent
ROWS = 120


def arbin() -> str:
    head = "Data_Point,Test_Time(s),Step_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V)\n"
    rows = [
        f"{n + 1},{n * 10.0:.1f},{n % 40 * 10.0:.1f},{n // 40 + 1},1,{-2.0 if n // 40 == 1 else 0.0},{3.3 - n / 1000}"
        for n in range(ROWS)
    ]
    return head + "\n".join(rows) + "\n"


def bdf() -> str:
    head = "Test Time / s,Voltage / V,Current / A,Step Count / 1\n"
    return head + "".join(
        f"{n},{3.3 - n / 1000:.4f},{-2.0 if n > 9 else 0.0},{1 + (n > 9)}\n" for n in range(ROWS)
    )


def maccor() -> str:
    head = "Today's Date 01/15/2026  Date of Test:\t01/15/2026\t Filename:\tcell.001 Procedure: rate.000\n"
    head += "Rec#\tCyc#\tStep\tTest (Sec)\tStep (Sec)\tAmps\tVolts\tState\tES\tDPt Time\n"
    rows = [
        f"{n + 1}\t0\t{1 + n // 60}\t{n}.0\t{n % 60}.0\t{2.0 if n > 59 else 0.0}\t{3.3 - n / 1000:.4f}\t{'D' if n > 59 else 'R'}\t1\t01/15/2026 11:{n // 60:02d}:{n % 60:02d}"
        for n in range(ROWS)
    ]
    return head + "\n".join(rows) + "\n"


def plain() -> str:
    rows = [f"{n},{-2.0 if n > 9 else 0.0},{3.5 - n / 1000 - (0.1 if n > 9 else 0)}" for n in range(ROWS)]
    return "Time [s],I[A],U[V]\n" + "\n".join(rows) + "\n"


MADE = {"arbin.csv": arbin, "x.bdf.csv": bdf, "cell.001": maccor, "plain.csv": plain}


@pytest.mark.parametrize("name", MADE)
def test_damaged_text_never_gives_wrong_rows_in_silence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(MADE[name]())
    survey(path, count=150)


@pytest.mark.parametrize("name", ["test.nda", "test.ndax", "maccor_example.txt"])
def test_damaged_tester_files_never_give_wrong_rows_in_silence(name: str) -> None:
    survey(HERE / "navani" / name, count=150)


def survey(path: Path, *, count: int) -> None:
    cases = list(survey_damage(path, count=count, seed=7))
    assert len(cases) == count
    assert not [case for case in cases if not case.allowed]
    assert {"refused"} <= {case.outcome for case in cases} <= set(ALLOWED)


def test_the_survey_sees_a_reader_that_loses_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A survey that cannot fail would prove nothing."""
    import jeoul.testing.damage as damage

    real = damage.read_all

    def careless(path: Path) -> tuple[object, ...]:
        return tuple(m.with_rows(m.rows.gather_every(2)) for m in real(path))

    path = tmp_path / "x.bdf.csv"
    path.write_text(bdf())
    cases = survey_damage(path, count=30, seed=7)
    first = next(cases)
    monkeypatch.setattr(damage, "read_all", careless)
    outcomes = {case.outcome for case in [first, *cases]}
    assert "rows_lost" in outcomes
