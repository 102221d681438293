"""A data set for anyone: the rows are all there, the customer is nowhere."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from jeoul.errors import DefinitionError, ReportError
from jeoul.measurement import Measurement
from jeoul.measurement.measurement import Provenance
from jeoul.readers import read
from jeoul.reports.publication import publish, read_dataset_data
from jeoul.standards import ItemData, make_item

CUSTOMER = "한국전지주식회사"
TEXT = """[dataset]
name = "lfp-rates"
title = "Rate tests of an LFP cell"
description = "One discharge."
version = "1.0.0"
published_on = 2026-11-22
licence = "CC-BY-4.0"
creators = ["A test centre"]
keywords = ["LFP"]
"""


@pytest.fixture
def data(tmp_path: Path):
    def write(more: str = "", text: str = TEXT):
        path = tmp_path / "dataset.toml"
        path.write_text(text + more, encoding="utf-8")
        return read_dataset_data(path)

    return write


def measured(**columns: list[object]) -> Measurement:
    """Three rows whose raw file tells of the customer in its name, its metadata and a vendor's column."""
    table = pl.DataFrame(
        {
            "test_time_second": [0.0, 1.0, 2.0],
            "voltage_volt": [3.3, 3.29, 3.28],
            "current_ampere": [-2.0, -2.0, -2.0],
            "unix_time_second": [1.7e9, 1.7e9 + 1, 1.7e9 + 2],
            "step_count": [1, 1, 1],
            "step_type": ["CC", "CC", "CC"],
            "vendor.Note": [CUSTOMER, "", ""],
            "vendor.Aux_1": [25.0, 25.1, 25.2],
            **columns,
        }
    )
    provenance = Provenance(
        f"{CUSTOMER}_042.csv", "ab" * 32, 100, "neware_csv", "1", "0.1.0", datetime(2026, 11, 1, tzinfo=UTC)
    )
    said = {
        "item": f"{CUSTOMER} 042",
        "operator": "Kim Yuna",
        "instrument": "BTS 4000",
        "comment": "secret lot",
    }
    return Measurement(table.lazy(), table.height, provenance, said)


def cell() -> ItemData:
    return make_item(
        {
            "name": f"{CUSTOMER} 042", "kind": "cell", "chemistry": "LFP", "format": "18650", "customer": CUSTOMER,
            "serial": "KR-0042", "manufacturer": "A maker", "rated_capacity_ah": 2.0,
            "end_of_discharge_voltage_volt": 2.0,
        }
    )  # fmt: skip


def everything(folder: Path) -> str:
    """All texts of the folder, with the texts in its tables and the names of its files."""
    found = [path.name for path in folder.rglob("*")]
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            found += [path.read_bytes().decode("utf-8", "ignore"), str(pl.read_parquet(path).to_dicts())]
        elif path.is_file():
            found.append(path.read_text("utf-8"))
    return "\n".join(found)


def test_the_rows_go_out_and_the_customer_does_not(data, tmp_path: Path) -> None:
    written = publish([measured()], data(), tmp_path / "set", item=cell())
    names = sorted(
        path.relative_to(written.folder).as_posix() for path in written.folder.rglob("*") if path.is_file()
    )
    assert names == [
        "LICENSE", "README.md", "SHA256SUMS", "croissant.json", "data/lfp-rates_001.bdf.parquet", "metadata.jsonld",
    ]  # fmt: skip
    text = everything(written.folder)
    for word in (CUSTOMER, "Kim Yuna", "KR-0042", "secret lot", "BTS 4000", "A maker", "Aux_1"):
        assert word not in text
    rows = pl.read_parquet(written.folder / written.files[0].path)
    assert rows.columns == ["test_time_second", "voltage_volt", "current_ampere", "step_count"]
    assert rows.equals(measured().table.select(rows.columns))


def test_what_is_held_back_is_named_to_the_owner(data, tmp_path: Path) -> None:
    held = publish([measured()], data(), tmp_path / "set", item=cell()).held_back
    assert held.columns == ("unix_time_second", "step_type", "vendor.Note", "vendor.Aux_1")
    assert held.metadata == ("item", "operator", "instrument", "comment")
    assert held.item == ("name", "customer", "serial", "manufacturer") or set(held.item) == {
        "name", "customer", "serial", "manufacturer",
    }  # fmt: skip


def test_the_owner_lets_more_out_by_name(data, tmp_path: Path) -> None:
    more = '[allow]\ncolumns = ["vendor.Aux_1"]\nmetadata = ["instrument"]\nitem = ["manufacturer"]\n'
    written = publish([measured()], data(more), tmp_path / "set", item=cell())
    text = everything(written.folder)
    assert all(word in text for word in ("BTS 4000", "A maker", "vendor.Aux_1"))
    assert CUSTOMER not in text


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ('[allow]\ncolumns = ["vendor.Note"]\n', "lfp-rates_001, columns"),
        ('[allow]\nmetadata = ["item"]\n', "README.md"),
        ('[forbid]\nwords = ["a TEST centre"]\n', "README.md"),
    ],
)
def test_a_name_that_would_go_out_stops_it_all(data, tmp_path: Path, more: str, place: str) -> None:
    with pytest.raises(ReportError, match=f"{place} holds a word of") as refused:
        publish([measured()], data(more), tmp_path / "set", item=cell())
    assert CUSTOMER not in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset.toml"]


def test_the_checksums_are_those_of_the_files(data, tmp_path: Path) -> None:
    folder = publish([measured(), measured()], data(), tmp_path / "set").folder
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert len(sums) == 6
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_same_input_gives_the_same_bytes(data, tmp_path: Path) -> None:
    one, two = (publish([measured()], data(), tmp_path / name, item=cell()).folder for name in ("a", "b"))
    assert (one / "SHA256SUMS").read_bytes() == (two / "SHA256SUMS").read_bytes()


def test_the_metadata_speak_of_the_cell_and_the_columns_in_known_terms(data, tmp_path: Path) -> None:
    folder = publish([measured()], data(), tmp_path / "set", item=cell()).folder
    document = json.loads((folder / "metadata.jsonld").read_text("utf-8"))
    about = document["schema:about"]
    assert about["@type"] == "BatteryCell"
    assert about["hasProperty"][0] == {
        "@type": ["RatedCapacity", "ConventionalProperty"],
        "hasNumericalPart": {"@type": "RealData", "hasNumberValue": 2.0},
        "hasMeasurementUnit": "https://w3id.org/emmo#AmpereHour",
    }
    variables = {v["schema:name"]: v for v in document["schema:variableMeasured"]}
    assert variables["voltage_volt"]["schema:propertyID"].endswith("/battery-data-format#voltage_volt")
    assert variables["voltage_volt"]["schema:unitText"] == "V"
    assert document["schema:license"] == "https://creativecommons.org/licenses/by/4.0/"


def test_croissant_leads_from_every_field_to_a_column_of_a_file(data, tmp_path: Path) -> None:
    folder = publish([measured(), measured()], data(), tmp_path / "set").folder
    document = json.loads((folder / "croissant.json").read_text("utf-8"))
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    files = {file["@id"]: file for file in document["distribution"]}
    for records in document["recordSet"]:
        for field in records["field"]:
            file = files[field["source"]["fileObject"]["@id"]]
            table = pl.read_parquet(folder / file["contentUrl"])
            kind = table.schema[field["source"]["extract"]["column"]]
            assert field["dataType"] == ("sc:Integer" if kind.is_integer() else "sc:Float")
    assert len(document["recordSet"]) == 2


def test_a_published_file_reads_back_as_battery_data_format(data, tmp_path: Path) -> None:
    written = publish([measured()], data(), tmp_path / "set")
    again = read(written.folder / written.files[0].path)
    assert again.provenance.format == "bdf"
    assert again.select(["voltage_volt"]).equals(measured().select(["voltage_volt"]))


def test_what_cannot_be_published_is_refused(data, tmp_path: Path) -> None:
    bare = measured().with_rows(measured().rows.drop("current_ampere"))
    with pytest.raises(ReportError, match="lack current_ampere"):
        publish([bare], data(), tmp_path / "set")
    with pytest.raises(ReportError, match="no measurement"):
        publish([], data(), tmp_path / "set")
    (tmp_path / "set").mkdir()
    with pytest.raises(ReportError, match="new folder"):
        publish([measured()], data(), tmp_path / "set")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('licence = "CC-BY-4.0"', 'licence = "CC-BY-9.9"', "licence"),
        ('name = "lfp-rates"', 'name = "LFP rates"', "name"),
        ("published_on = 2026-11-22", 'published_on = "today"', "published_on"),
        ('version = "1.0.0"\n', "", "version"),
        ("keywords", "keyword", "keyword"),
    ],
)
def test_a_slip_in_the_file_is_named(data, old: str, new: str, key: str) -> None:
    assert old in TEXT
    with pytest.raises(DefinitionError) as refused:
        data(text=TEXT.replace(old, new))
    assert refused.value.column == f"dataset.{key}"


def test_an_operator_in_the_description_is_found_without_being_listed(data, tmp_path: Path) -> None:
    told = data(text=TEXT.replace("One discharge.", "Run by kim yuna."))
    with pytest.raises(ReportError, match="a word of 8 letters"):
        publish([measured()], told, tmp_path / "set")
    quiet = replace(measured(), metadata={})
    assert publish([quiet], told, tmp_path / "set").folder.is_dir()
