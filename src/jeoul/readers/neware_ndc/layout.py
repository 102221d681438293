"""A .ndc file, as data: blocks of 4096 bytes, the first a header.

Source: fastnda (BSD-3-Clause) for the records; the checksum and the count of a block were found in real
files of versions 14, 16 and 17. All integers are little-endian.
"""

from __future__ import annotations

BLOCK = 4096
KIND_AT, VERSION_AT = 0, 2

# A block after the header: kind (u2), records (u2), a bitmap of records, the records from byte 132, and
# in the last four bytes the CRC-32 of all bytes before them.
COUNT_AT = 2
BITMAP_AT = 4
RECORDS_AT = 132
CHECKSUM_AT = BLOCK - 4
CHECKED_VERSIONS = (14, 16, 17)

DATA_FILE = 1
COMPANIONS = {"_runInfo": "data_runInfo.ndc", "_step": "data_step.ndc"}
NO_TABLE = ("_es", "_log")
VERSIONS = range(2, 18)

# Version -> size of a record of run information, and where in it stands the number of its data record.
RUN_INFO = {14: (55, 41), 16: (100, 41)}
