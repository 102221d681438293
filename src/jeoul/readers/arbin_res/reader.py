"""Arbin's .res: an Access database with a table of rows, one of tests and one of auxiliary channels."""

from __future__ import annotations

import polars as pl

from jeoul.errors import DamagedFileError, JeoulError, MissingColumnError
from jeoul.measurement import Finding
from jeoul.readers.arbin_res import layout
from jeoul.readers.arbin_res.jet import Database, open_database, read_table
from jeoul.readers.arbin_rows import missing_points
from jeoul.readers.contract import VendorTable
from jeoul.readers.source import Source

ARBIN_NAME = layout.ROWS_TABLE.encode("utf-16-le")
KEY = ["Test_ID", "Data_Point"]


def sniff(head: bytes, filename: str) -> bool:
    """Whether it is an Access database named .res, or one whose first pages name Arbin's table."""
    if not head.startswith(layout.MAGIC):
        return False
    return filename.lower().endswith(".res") or ARBIN_NAME in head


def decode(source: Source) -> tuple[VendorTable, ...]:
    """One table for each test in the database, in the order of its data points.

    Raises `DamagedFileError` for pages that contradict each other, and for an index or a number in them
    that leads out of the file.
    """
    database = open_database(source.read_bytes(), source.path)
    try:
        return _tables(database)
    except JeoulError:
        raise
    except (IndexError, TypeError, ValueError, KeyError, OverflowError, pl.exceptions.PolarsError) as error:
        # Whatever arithmetic meets in damaged pages is one error for the user.
        raise database.damaged(f"its pages cannot be followed ({error}).") from error


def _tables(database: Database) -> tuple[VendorTable, ...]:
    rows = _table(database, layout.ROWS_TABLE)
    if rows is None or not set(KEY) <= set(rows.columns):
        raise MissingColumnError(
            f"is an Access database without Arbin's {layout.ROWS_TABLE}.",
            path=database.path,
            column=layout.ROWS_TABLE,
            advice="If it is no result file of an Arbin tester, no reader takes it.",
        )
    rows = _sorted(rows, database)
    auxiliary = _auxiliary(database)
    tests = rows["Test_ID"].unique().sort().to_list()
    notes = [*_unread(database)]
    return tuple(_test(database, rows, auxiliary, test, len(tests) > 1, notes) for test in tests) or (
        VendorTable(_clock(rows).lazy(), findings=tuple(notes)),
    )


def _table(database: Database, name: str) -> pl.DataFrame | None:
    page = database.tables.get(name)
    return None if page is None else read_table(database, page)


def _sorted(rows: pl.DataFrame, database: Database) -> pl.DataFrame:
    """The database engine keeps rows where there was room; Arbin's own numbers tell their order."""
    if rows.select(pl.any_horizontal(pl.col(KEY).is_null()).any()).item():
        raise database.damaged("a row has no test or no data point.")
    if rows.select(pl.struct(KEY).is_duplicated().any()).item():
        twice = rows.filter(pl.struct(KEY).is_duplicated()).row(0, named=True)
        raise DamagedFileError(
            f"data point {twice['Data_Point']} of test {twice['Test_ID']} is there more than once.",
            path=database.path,
            advice="The database is damaged; copy it again from the tester's computer.",
        )
    return rows.sort(KEY)


def _test(
    database: Database,
    rows: pl.DataFrame,
    auxiliary: tuple[pl.DataFrame, dict[str, str]] | None,
    test: int,
    several: bool,
    notes: list[Finding],
) -> VendorTable:
    own = rows.filter(pl.col("Test_ID") == test)
    notes = [*notes, *missing_points(own)]
    units: dict[str, str] = {}
    if auxiliary is not None:
        own, units, found = _joined(own, auxiliary, test)
        notes += found
    metadata = _metadata(database, test)
    name = f"{test} {metadata.get('test', '')}".strip() if several else ""
    return VendorTable(
        rows=_clock(own).lazy(), units=units, metadata=metadata, findings=tuple(notes), name=name
    )


def _clock(rows: pl.DataFrame) -> pl.DataFrame:
    """DateTime counts days from 1899-12-30; here it becomes a date and time."""
    if "DateTime" not in rows.columns:
        return rows
    seconds = (pl.col("DateTime") - layout.OLE_UNIX_DAY) * 86_400
    return rows.with_columns((seconds * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us")).alias("DateTime"))


def _auxiliary(database: Database) -> tuple[pl.DataFrame, dict[str, str]] | None:
    """The auxiliary readings with a column name each, and the unit of each column."""
    table = _table(database, layout.AUXILIARY_TABLE)
    if table is None or not table.height:
        return None
    kind = pl.col("Data_Type")
    known = kind.replace_strict(
        layout.AUXILIARY_KINDS, default=pl.format("Type{}", kind), return_dtype=pl.String
    )
    name = pl.format("Aux_{}_{}", known, pl.col("Auxiliary_Index") + 1)
    table = table.with_columns(name.alias("channel"))
    return table, _auxiliary_units(database, table)


def _auxiliary_units(database: Database, table: pl.DataFrame) -> dict[str, str]:
    described = _table(database, layout.AUXILIARY_NAMES_TABLE)
    if described is None or not described.height:
        return {}
    channels = table.select("Auxiliary_Index", "Data_Type", "channel").unique()
    named = channels.join(
        described.select("Auxiliary_Index", "Data_Type", "Unit"), on=["Auxiliary_Index", "Data_Type"]
    )
    return {name: unit for name, unit in named.select("channel", "Unit").iter_rows() if unit}


def _joined(
    rows: pl.DataFrame, auxiliary: tuple[pl.DataFrame, dict[str, str]], test: int
) -> tuple[pl.DataFrame, dict[str, str], list[Finding]]:
    """The rows with a column for each auxiliary channel, matched by data point."""
    readings, units = auxiliary
    own = readings.filter(pl.col("Test_ID") == test)
    findings = _strays(own, rows)
    values = [name for name in ("X", "dX_dt") if name in own.columns]
    for channel in own["channel"].unique().sort().to_list():
        one = own.filter(pl.col("channel") == channel).select(
            "Data_Point",
            *(pl.col(v).alias(channel if v == "X" else f"{channel}_{v}") for v in values),
        )
        rows = rows.join(one, on="Data_Point", how="left", validate="1:1", maintain_order="left")
    return rows, units, findings


def _strays(readings: pl.DataFrame, rows: pl.DataFrame) -> list[Finding]:
    lone = readings.join(rows, on="Data_Point", how="anti")
    if not lone.height:
        return []
    text = (
        f"{lone.height} auxiliary readings belong to no row, the first to data point {lone['Data_Point'][0]}."
    )
    return [Finding("auxiliary_without_row", text, values={"count": lone.height})]


def _unread(database: Database) -> list[Finding]:
    """A table that holds rows and is not read is named."""
    left = [
        f"{name} ({table.height})"
        for name, page in sorted(database.tables.items())
        if name not in (*layout.READ_TABLES, *layout.SUMMARY_TABLES)
        and not name.startswith(layout.SYSTEM_PREFIX)
        and (table := read_table(database, page)).height
    ]
    text = f"Tables of the database that are not read (rows): {', '.join(left)}."
    return [Finding("tables_not_read", text)] if left else []


def _metadata(database: Database, test: int) -> dict[str, str]:
    tests = _table(database, layout.TESTS_TABLE)
    found: dict[str, str] = {}
    for row in tests.filter(pl.col("Test_ID") == test).iter_rows(named=True) if tests is not None else ():
        found = {name: str(row[key]) for key, name in layout.TEST_METADATA.items() if row.get(key)}
        if started := row.get("Start_DateTime"):
            days = pl.DataFrame({"DateTime": [started]})
            found["started"] = _clock(days)["DateTime"][0].isoformat(sep=" ", timespec="seconds")
    version = _table(database, layout.VERSION_TABLE)
    if version is not None and version.height:
        found["file_version"] = str(version[0, 0])
    return found
