"""The command line as a person and as a program meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NAVANI = Path(__file__).parents[1] / "readers" / "navani"


def document(answer: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = answer
    assert (code, err) == (0, "")
    return dict(json.loads(out))


def test_every_verb_on_a_file_has_the_stable_keys(run: Any, sample: Path) -> None:
    raw = sample / "LFP_025degC_1C_Dch.csv"
    judged = ["--standard", "IEC 62660-1:2018", "--item", sample / "item.toml"]
    for words in (["read", raw], ["steps", raw], ["metrics", raw], ["judge", raw, *judged]):
        answer = document(run(*words, "--json"))
        assert (answer["format"], answer["rows"], answer["steps"], answer["cycles"]) == (
            "delimited",
            3500,
            2,
            1,
        )
        assert {finding["code"] for finding in answer["findings"]} == {
            "current_sign_found",
            "ends_under_current",
        }


def test_the_capacity_of_the_sample(run: Any, sample: Path) -> None:
    """1.9434 Ah at 1C and 2.0745 Ah at C/20: the trapezoid over the published rows."""
    for file, ampere_hours in (("LFP_025degC_1C_Dch.csv", 1.9434), ("LFP_025degC_Co20_Dch.csv", 2.0745)):
        answer = document(run("metrics", sample / file, "--accuracy", sample / "accuracy.toml", "--json"))
        result = next(r for r in answer["results"] if r["metric"] == "discharge_capacity")
        assert result["value"] == pytest.approx(ampere_hours, abs=0.0005)
        assert result["unit"] == "Ah"
        assert result["coverage_factor"] == 2.0
        assert result["expanded_uncertainty"] == pytest.approx(2 * result["standard_uncertainty"])


def test_without_accuracy_the_uncertainty_is_null_and_not_zero(run: Any, sample: Path) -> None:
    answer = document(run("metrics", sample / "LFP_025degC_1C_Dch.csv", "--json"))
    assert {result["standard_uncertainty"] for result in answer["results"]} == {None}


def test_a_judgement_says_both_answers(run: Any, sample: Path) -> None:
    words = ["judge", sample / "LFP_025degC_1C_Dch.csv", "--standard", "IEC 62660-1:2018"]
    words += ["--item", sample / "item.toml", "--limits", sample / "limits.toml", "--json"]
    words += ["--clause", "7.2", "--clause", "7.5"]
    answer = document(run(*words, "--accuracy", sample / "accuracy.toml"))
    assert (answer["conformity"], answer["verdict"]) == ("deviating", "inconclusive")


def test_read_and_metrics_write_the_canonical_table(run: Any, sample: Path, tmp_path: Path) -> None:
    for verb in ("read", "metrics"):
        target = tmp_path / f"{verb}.parquet"
        code, _, _ = run(verb, sample / "LFP_025degC_1C_Dch.csv", "--to", target)
        assert code == 0
        assert document(run("read", target, "--json"))["rows"] == 3500


def test_the_demo_writes_a_report_and_says_where(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("demo", "--to", tmp_path / "demo")
    assert code == 0
    assert "procedure deviating" in out
    assert (tmp_path / "demo" / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert str(tmp_path / "demo" / "report.pdf") in out.replace("\n", "")


def bad_inputs(folder: Path) -> dict[str, Path]:
    labels = "Test Time / s,Voltage / V,Current / A\n0,3.3,0.0\n1,3.2,-2.0\n"
    ndax = (NAVANI / "test.ndax").read_bytes()
    contents = {
        "missing.csv": None,
        "empty.csv": b"",
        "letter.txt": b"Dear customer,\nplease find enclosed\n",
        "cut.ndax": ndax[: len(ndax) // 2],
        "column.bdf.csv": b"Test Time / s,Voltage / V\n0,3.3\n1,3.2\n",
        "word.bdf.csv": labels.replace("3.2", "three").encode(),
        "half.bdf.csv": labels[:-8].encode(),
    }
    for name, content in contents.items():
        if content is not None:
            (folder / name).write_bytes(content)
    return {name: folder / name for name in contents}


@pytest.mark.parametrize(
    "name",
    ["missing.csv", "empty.csv", "letter.txt", "cut.ndax", "column.bdf.csv", "word.bdf.csv", "half.bdf.csv"],
)
@pytest.mark.parametrize("verb", ["read", "steps", "metrics", "judge", "report", "run"])
def test_a_bad_file_is_one_clear_error(run: Any, sample: Path, tmp_path: Path, verb: str, name: str) -> None:
    path = bad_inputs(tmp_path)[name]
    target = tmp_path / "out"
    more: list[object] = {
        "judge": ["--standard", "IEC 62660-1:2018", "--item", sample / "item.toml"],
        "report": [
            "--standard",
            "IEC 62660-1:2018",
            "--item",
            sample / "item.toml",
            "--to",
            tmp_path / "r.pdf",
        ],
        "run": ["--item", sample / "item.toml", "--to", target],
    }.get(verb, [])
    code, out, err = run(verb, path, *more)
    assert code == 2
    assert out == ""
    assert err.startswith("jeoul: error: ")
    assert len(err.strip().splitlines()) == 1
    assert name in err
    assert not target.exists()
    assert not (tmp_path / "r.pdf").exists()


def test_check_answers_with_exit_codes(run: Any, tmp_path: Path, sample: Path) -> None:
    path = bad_inputs(tmp_path)["empty.csv"]
    assert run("check", sample / "LFP_025degC_1C_Dch.csv")[0] == 0
    code, out, _ = run("check", sample / "LFP_025degC_1C_Dch.csv", path, "--json")
    verdicts = [one["verdict"] for one in json.loads(out)["files"]]
    assert (code, verdicts) == (2, ["sound", "refused"])


@pytest.mark.parametrize(
    "verb",
    [
        "read",
        "describe",
        "check",
        "steps",
        "metrics",
        "judge",
        "report",
        "run",
        "formats",
        "standards",
        "demo",
    ],
)
def test_every_verb_helps_a_newcomer(run: Any, verb: str) -> None:
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert "Usage: jeoul" in out
    assert verb in ("formats", "standards", "demo") or "Example: jeoul" in out


def test_unknown_things_are_named_with_what_there_is(run: Any, sample: Path) -> None:
    raw = sample / "LFP_025degC_1C_Dch.csv"
    item = ["--item", sample / "item.toml"]
    assert "IEC" in run("judge", raw, "--standard", "IEC 99999", *item)[2]
    assert "arbin_csv" in run("read", raw, "--format", "arbin")[2]
    assert run("metrics", raw, "--accuracy", "no-such-instrument")[0] == 2


def test_the_version_is_said(run: Any) -> None:
    from jeoul import __version__

    assert run("--version")[1] == f"jeoul {__version__}\n"


def test_the_catalogue_and_one_metric(run: Any, sample: Path, tmp_path: Path) -> None:
    listed = {row["metric"] for row in document(run("metrics", "--list", "--json"))["metrics"]}
    assert {"discharge_capacity", "dc_resistance", "retention"} <= listed
    raw = sample / "LFP_025degC_1C_Dch.csv"
    answer = document(run("metrics", raw, "--metric", "dc_resistance", "--resistance-time", 10, "--json"))
    assert [result["metric"] for result in answer["results"]] == ["dc_resistance"]
    assert "no metric is called" in run("metrics", raw, "--metric", "capacty")[2]
    assert run("metrics")[0] == 2


@pytest.fixture
def ageing(tmp_path: Path) -> Path:
    """Twelve cycles of 2 A for 600 s each way with rests of 60 s, and a last charge."""
    one = [(600, 2.0), (60, 0.0), (600, -2.0), (60, 0.0)]
    parts = 12 * one + [(300, 2.0)]
    current = [ampere for second, ampere in parts for _ in range(0, second, 10)]
    lines = [f"{10.0 * k:.1f},{3.3 + 0.02 * i:.4f},{i}" for k, i in enumerate(current)]
    path = tmp_path / "ageing.bdf.csv"
    path.write_text("\n".join(["Test Time / s,Voltage / V,Current / A", *lines, ""]))
    return path


def test_one_metric_at_its_parameter(run: Any, ageing: Path) -> None:
    """40 mV at 2 A after each of 25 rests: 20 mOhm at any time."""
    words = ["metrics", ageing, "--metric", "dc_resistance", "--json"]
    for at in (["--at", 10], ["--at", "time_after_edge_second=10"]):
        results = document(run(*words, *at))["results"]
        assert len(results) == 24
        assert {result["metric"] for result in results} == {"dc_resistance"}
        assert [result["value"] for result in results] == pytest.approx([0.02] * 24)
    twice = document(run(*words, "--at", 10, "--at", 30))["results"]
    assert {result["conditions"]["time_after_edge_second"] for result in twice} == {10.0, 30.0}


def test_a_metric_with_several_parameters(run: Any, ageing: Path) -> None:
    words = ["metrics", ageing, "--metric", "equivalent_full_cycles", "--json"]
    (result,) = document(run(*words, "--at", "rated_capacity_ah=2", "--at", "basis=discharge"))["results"]
    assert result["value"] == pytest.approx(2.0, rel=0.01)  # twelve times a sixth


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--metric", "dc_resistance"], "needs time_after_edge_second, without a default. Write --at"),
        (["--metric", "dc_resistance", "--at", "soon"], "'soon' is no value of the parameter"),
        (["--metric", "dc_resistance", "--at", "soc=0.5"], "has no parameter 'soc'"),
        (["--metric", "equivalent_full_cycles", "--at", "2"], "does not say which parameter it is"),
        (
            ["--metric", "equivalent_full_cycles", "--at", "rated_capacity_ah=2", "--at", "basis=half"],
            "one of throughput, discharge",
        ),
        (["--metric", "charge_capacity", "--at", "3"], "has no parameters: leave --at out"),
        (["--at", "3"], "--at gives the parameters of one metric"),
        (["--metric", "retention"], "is of results of several tests"),
        (["--metric", "dc_resistance", "--at", "1e6"], "could not be measured: step 3 ends 600 s"),
        (
            ["--metric", "impedance_at_frequency", "--at", "frequency_hertz=1", "--at", "part=real"],
            "no spectrum",
        ),
    ],
)
def test_a_metric_that_is_asked_wrongly_says_how(run: Any, ageing: Path, words: list[str], said: str) -> None:
    code, out, err = run("metrics", ageing, *words)
    assert (code, out) == (2, "")
    assert said in err.replace("\n", " ")
    assert len(err.strip().splitlines()) == 1


def test_a_metric_without_parameters_that_the_path_leaves_out(run: Any, ageing: Path) -> None:
    results = document(run("metrics", ageing, "--metric", "cv_share", "--json"))["results"]
    assert [result["value"] for result in results] == [0.0] * 13
    cycles = document(run("metrics", ageing, "--metric", "voltage_efficiency", "--json"))["results"]
    assert [result["value"] for result in cycles] == pytest.approx([3.26 / 3.34] * 12, rel=1e-6)


def test_a_mass_and_a_full_charge_on_the_command_line(run: Any, ageing: Path) -> None:
    words = ["metrics", ageing, "--json", "--metric"]
    each = document(run(*words, "specific_discharge_energy", "--at", "0.05"))["results"]
    assert (each[0]["unit"], len(each)) == ("Wh/kg", 12)
    assert each[0]["value"] == pytest.approx(2 * 3.26 / 6 / 0.05, rel=0.02)
    (since,) = document(run(*words, "capacity_since_full_charge", "--at", "1"))["results"]
    assert since["value"] == pytest.approx(1 / 6, rel=0.1)


def test_steps_left_out_are_said_on_the_error_stream(run: Any, ageing: Path) -> None:
    """The last charge of 300 s is too short for a resistance at 500 s."""
    code, _, err = run("metrics", ageing, "--metric", "dc_resistance", "--at", "500", "--json")
    assert code == 0
    assert "left out: step 49" in err


def test_blocks_cycles_and_half_cycles(run: Any, ageing: Path) -> None:
    answer = document(run("steps", ageing, "--blocks", "--rated-capacity", "2", "--json"))
    (block,) = answer["block_table"]
    assert (block["kind"], block["cycles"], block["charge_rate"]) == ("ageing", 13, pytest.approx(1.0))
    assert (answer["sequence_table"], answer["pause_table"]) == ([], [])
    assert (answer["cycles"], answer["cycles_by"], len(answer["cycle_table"])) == (13, "pairs", 13)
    halves = document(run("steps", ageing, "--cycles", "--by", "half_cycles", "--json"))
    assert (halves["cycles"], halves["cycles_by"]) == (25, "half_cycles")
    code, out, _ = run("steps", ageing, "--blocks", "--cycles")
    assert code == 0
    assert "13 alike cycles in a row" in " ".join(out.split())
    assert "Cycles (13, by pairs)" in out
    assert "Steps (" not in out
    assert run("steps", ageing, "--by", "moons")[0] == 2
    assert "not positive" in run("steps", ageing, "--blocks", "--rated-capacity", "-1")[2]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_results_as_a_flat_table(run: Any, sample: Path, tmp_path: Path, suffix: str) -> None:
    import polars as pl

    target = tmp_path / f"results.{suffix}"
    code, _, _ = run("metrics", sample / "LFP_025degC_1C_Dch.csv", f"--{suffix}", target)
    assert code == 0
    table = pl.read_csv(target) if suffix == "csv" else pl.read_parquet(target)
    row = table.filter(pl.col("metric") == "discharge_capacity").row(0, named=True)
    assert (row["unit"], row["row_first"], row["row_last"], row["standard_uncertainty"]) == (
        "Ah",
        2,
        3500,
        None,
    )
    assert row["value"] == pytest.approx(1.9434, abs=0.0005)


def test_describe_gives_its_proposal_in_every_form(run: Any, tmp_path: Path) -> None:
    raw = tmp_path / "bench.csv"
    raw.write_text("Time [s],I[A],U[V]\n0,0.0,3.50\n1,-2.0,3.40\n2,-2.0,3.39\n")
    code, text, _ = run("describe", raw)
    assert code == 0
    assert document(run("describe", raw, "--json"))["description"] == text
    assert run("describe", raw, "--to", tmp_path / "bench.toml")[0] == 0
    assert (tmp_path / "bench.toml").read_text() == text
