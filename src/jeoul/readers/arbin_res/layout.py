"""A Jet 4 database (Microsoft Access 2000 to 2003), as data: where each thing stands in a page.

Source: the public notes on the format that come with mdbtools (HACKING.md) and Jackcess; each number was
checked against the real files named in `format.toml`. All integers are little-endian. Offsets count from
the start of the page unless said otherwise.
"""

from __future__ import annotations

import numpy as np

MAGIC = b"\x00\x01\x00\x00Standard Jet DB\x00"
VERSION_AT = 0x14
VERSION_JET4 = 1
PAGE = 4096

# The first byte of every page but the first.
DATA_PAGE = 0x01
DEFINITION_PAGE = 0x02
USAGE_PAGE = 0x05

CATALOGUE_PAGE = 2
"""The definition of MSysObjects, the table of tables."""
TABLE_OBJECT = 1

# A data page: type, 1, free bytes (u2), definition page of its table (u4), unknown (u4), rows (u2), offsets.
FREE_AT = 2
OWNER_AT = 4
ROW_COUNT_AT = 12
OFFSETS_AT = 14
DELETED = 0x8000
ELSEWHERE = 0x4000
OFFSET_MASK = 0x1FFF

# A table definition; a longer one goes on in the page that NEXT_AT names, after its 8-byte header.
NEXT_AT = 4
CONTINUED_AT = 8
LENGTH_AT = 8
TABLE_ROWS_AT = 16
MOST_COLUMNS_AT = 41
COLUMN_COUNT_AT = 45
INDEX_COUNT_AT = 51
OWNED_PAGES_AT = 55
INDEXES_AT = 63
INDEX_SIZE = 12

COLUMN = np.dtype(
    {
        "names": ["type", "number", "variable", "flags", "fixed", "length"],
        "formats": ["<u1", "<u2", "<u2", "<u2", "<u2", "<u2"],
        "offsets": [0, 5, 7, 15, 21, 23],
        "itemsize": 25,
    }
)
FIXED = 0x01

BOOLEAN, TEXT = 1, 10
# Types of fixed size: code -> NumPy type. Money is a count of 1/10000.
NUMBERS = {2: "<u1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f4", 7: "<f8", 8: "<f8"}
MONEY = 5

# Days from 1899-12-30, the zero of OLE dates, to 1970-01-01.
OLE_UNIX_DAY = 25569.0

# Arbin's tables in the database.
ROWS_TABLE = "Channel_Normal_Table"
TESTS_TABLE = "Global_Table"
AUXILIARY_TABLE = "Auxiliary_Table"
AUXILIARY_NAMES_TABLE = "Aux_Global_Data_Table"
VERSION_TABLE = "Version_Table"
READ_TABLES = (ROWS_TABLE, TESTS_TABLE, AUXILIARY_TABLE, AUXILIARY_NAMES_TABLE, VERSION_TABLE)
# Summaries of what the rows hold, written by the tester beside them.
SUMMARY_TABLES = ("Channel_Statistic_Table", "Event_Table", "Resume_Table")
SYSTEM_PREFIX = "MSys"

# Data_Type of an auxiliary channel, in the order of the columns Mapped_Aux_*_Number of Global_Table. Only
# 1 was seen with rows (its unit is written as C).
AUXILIARY_KINDS = {0: "Voltage", 1: "Temperature", 2: "Pressure", 3: "pH"}

TEST_METADATA = {
    "Test_Name": "test",
    "Item_ID": "item",
    "Channel_Index": "channel",
    "Serial_Number": "device",
    "Creator": "operator",
    "Comments": "comment",
    "Schedule_File_Name": "procedure",
    "Software_Version": "software",
}
