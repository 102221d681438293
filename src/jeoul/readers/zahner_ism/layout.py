"""The layout of a Zahner .ism spectrum, as data. All numbers are big-endian.

The head holds two whole numbers of six bytes: a mark that is minus one or minus two, and the number of
points less one. Then follow whole columns, one after the other, and texts, each with its length before it.
"""

from __future__ import annotations

MARKS = (b"\x00\x00\xff\xff\xff\xff", b"\x00\x00\xff\xff\xff\xfe")
COUNT_AT = slice(6, 12)
HEAD_BYTES = 12

COLUMNS = (
    ("frequency/Hz", ">f8"),
    ("impedance/ohm", ">f8"),
    ("phase/rad", ">f8"),
    ("time/s", ">f8"),
    ("significance", ">i2"),
)
POINT_BYTES = 34

TEXTS = ("date", "comment", "potential", "current", "temperature", "time_of_day")
"""The first texts after the columns; upper and lower case are exchanged in the file."""
EPOCH = "1980-01-01"
"""Times of measured spectra count seconds of local time from here; those of made spectra count from zero."""
