"""BaSyTec result files: the ~ header, units in brackets, a lost degree sign, decimal commas."""

from __future__ import annotations

from pathlib import Path

import pytest

import jeoul
from jeoul.errors import MissingColumnError, ReadError
from jeoul.testing import check_reader

REAL = "a_cyclers/pyprobe/basytec/sample_data_basytec.txt"
RESULT = (
    "~Resultfile from Basytec Battery Test System\n~\n~Battery: K-7\n~Testplan: rate.pln\n"
    "~Start of Test: 15.01.2026 09:00:00\n~\n"
    "~Time[h]\tDataSet\tt-Step[h]\tLine\tCommand\tU[V]\tI[A]\tAh-Step\tAh-Cyc-Charge\tT1[°C]\tCyc-Count\n"
    "0\t1\t0\t3\tPause\t3.3\t0\t0\t0\t25.5\t1\n"
    "1\t2\t1\t3\tPause\t3.3\t0\t0\t0\t25.5\t1\n"
    "1.5\t3\t0.5\t4\tDischarge\t3.2\t-2\t-1\t0\t25.5\t1\n"
)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "basytec.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_made_file_keeps_the_contract(tmp_path: Path) -> None:
    measurement = check_reader(write(tmp_path, RESULT), "basytec_text")[0]
    assert measurement.table["test_time_second"].to_list() == [0.0, 3600.0, 5400.0]
    assert measurement.table["step_net_capacity_ah"].to_list() == [0.0, 0.0, -1.0]
    assert (measurement.metadata["item"], measurement.metadata["procedure"]) == ("K-7", "rate.pln")
    assert measurement.metadata["started"] == "15.01.2026 09:00:00"


@pytest.mark.parametrize("degree", ["°".encode("latin-1"), b"?", b"\xef\xbf\xbd", "°".encode()])
def test_a_lost_degree_sign_is_still_a_temperature(tmp_path: Path, degree: bytes) -> None:
    text = RESULT.encode().replace("°".encode(), degree)
    assert jeoul.read(write(tmp_path, text)).table["temperature_t1_celsius"].to_list() == [25.5] * 3


def test_decimal_commas(tmp_path: Path) -> None:
    head, rows = RESULT[: RESULT.index("\n0\t")], RESULT[RESULT.index("\n0\t") :]
    table = jeoul.read(write(tmp_path, head + rows.replace(".", ","))).table
    assert table["voltage_volt"].to_list() == [3.3, 3.3, 3.2]
    assert table["test_time_second"].to_list() == [0.0, 3600.0, 5400.0]


def test_without_column_names_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="no line of column names"):
        jeoul.read(write(tmp_path, RESULT.replace("~Time[h]", "~Zeit[h]")))


def test_a_damaged_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        jeoul.read(write(tmp_path, RESULT.replace("3.2\t-2", "3.2\t-x")))
    assert (caught.value.row, caught.value.line, caught.value.column) == (3, 10, "I[A]")


@pytest.mark.corpus
def test_the_real_file_and_its_counter(corpus: Path) -> None:
    """74 rows; the charge of its last step by trapezoid is the tester's Ah-Step within 0.1 %."""
    measurement = check_reader(corpus / REAL, "basytec_text", cuts=(0.0, 0.2, 0.6))[0]
    assert len(measurement) == 74
    step = measurement.table.filter(measurement.table["step_id"] == 4)
    time, current = step["test_time_second"].to_numpy(), step["current_ampere"].to_numpy()
    integral = ((time[1:] - time[:-1]) * (current[1:] + current[:-1])).sum() / 7200
    counted = step["step_net_capacity_ah"][-1] - step["step_net_capacity_ah"][0]
    assert integral == pytest.approx(counted, rel=1e-3)
