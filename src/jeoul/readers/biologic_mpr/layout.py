"""The layout of a BioLogic .mpr file, as data.

A file is a fixed header and a chain of modules; each module states its own length, so that the chain
must end exactly where the file ends. The data module holds a row count, a column count, the column
numbers, and then the rows, packed without gaps and without a checksum.

How it is known. `real`: the record size follows from the module's length and its row count, and the
values obey the physics of the test: the charge increments add up to the charge counter, power is voltage
times charge per time, magnitude and phase agree with real and imaginary part, flag bits change where
the program step and the control value do. `published`: names and widths that EC-Lab users reported with
text exports of the same files; a file that holds them is read only if its record size agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

MAGIC = b"BIO-LOGIC MODULAR FILE\x1a"
FILE_HEADER_BYTES = 52
MODULE_MAGIC = b"MODULE"
LONG_FORM = b"\xff\xff\xff\xff"
"""In place of a 32-bit length: EC-Lab 11.50 and later write a 64-bit length after it."""
NAME_AT, TITLE_AT, LENGTH_AT = slice(6, 16), slice(16, 41), 41
SHORT_HEADER_BYTES, LONG_HEADER_BYTES = 57, 65
DATE_BYTES = 8

SETTINGS, DATA, LOG = "VMP Set", "VMP data", "VMP LOG"
KNOWN_MODULES = (SETTINGS, DATA, LOG, "VMP loop", "VMP ExtDev")

TECHNIQUES = {
    4: "Galvanostatic Cycling with Potential Limitation",
    11: "Open Circuit Voltage",
    29: "Potentio Electrochemical Impedance Spectroscopy",
    127: "Modulo Bat",
}
COMMENT_AT = 7
"""In the settings: a length byte, then the comment in the Windows code page."""
STARTED_AT = 585
"""In the log: days since 1899-12-30, local time, as a 64-bit float."""
SOFTWARE_AT = 951
"""In the log: a length byte, then the version of EC-Lab."""


@dataclass(frozen=True)
class DataHeader:
    """How the head of a data module is laid out: ``rows u32, columns, numbers[capacity], padding``."""

    count_bytes: int
    capacity: int
    padding: int
    evidence: str

    @property
    def size(self) -> int:
        """Bytes before the first row."""
        return 4 + self.count_bytes + 2 * self.capacity + self.padding


DATA_HEADERS = {
    2: DataHeader(count_bytes=1, capacity=200, padding=0, evidence="published"),
    3: DataHeader(count_bytes=1, capacity=200, padding=1, evidence="real"),
    11: DataHeader(count_bytes=2, capacity=500, padding=1, evidence="real"),
}
"""By the version that the module states."""


@dataclass(frozen=True)
class MprColumn:
    """A column by its number. `dtype` is that of NumPy, little-endian, packed."""

    name: str
    dtype: str
    evidence: str = "real"


@dataclass(frozen=True)
class FlagColumn:
    """A column that is a field of bits in the one flag byte of a record."""

    name: str
    mask: int


FLAGS = {
    1: FlagColumn("mode", 0x03),
    2: FlagColumn("ox/red", 0x04),
    3: FlagColumn("error", 0x08),
    21: FlagColumn("control changes", 0x10),
    31: FlagColumn("Ns changes", 0x20),
    65: FlagColumn("counter inc.", 0x80),
}
LAST_RECORD = 0x40
"""Set in the last record of a technique that came to its end; no column number of its own."""
MODE_OPEN_CIRCUIT = 3

COLUMNS = {
    4: MprColumn("time/s", "<f8"),
    5: MprColumn("control/V/mA", "<f4"),
    6: MprColumn("Ewe/V", "<f4"),
    7: MprColumn("dq/mA.h", "<f8"),
    8: MprColumn("I/mA", "<f4"),
    9: MprColumn("Ece/V", "<f4", "published"),
    11: MprColumn("<I>/mA", "<f8", "published"),
    13: MprColumn("(Q-Qo)/mA.h", "<f8"),
    16: MprColumn("Analog IN 1/V", "<f4", "published"),
    17: MprColumn("Analog IN 2/V", "<f4", "published"),
    19: MprColumn("control/V", "<f4"),
    20: MprColumn("control/mA", "<f4", "published"),
    23: MprColumn("dQ/mA.h", "<f8", "published"),
    24: MprColumn("cycle number", "<f8"),
    27: MprColumn("Ewe-Ece/V", "<f4", "published"),
    32: MprColumn("freq/Hz", "<f4"),
    33: MprColumn("|Ewe|/V", "<f4"),
    34: MprColumn("|I|/A", "<f4"),
    35: MprColumn("Phase(Z)/deg", "<f4"),
    36: MprColumn("|Z|/Ohm", "<f4"),
    37: MprColumn("Re(Z)/Ohm", "<f4"),
    38: MprColumn("-Im(Z)/Ohm", "<f4"),
    39: MprColumn("I Range", "<u2"),
    70: MprColumn("P/W", "<f4"),
    74: MprColumn("|Energy|/W.h", "<f8"),
    76: MprColumn("<I>/mA", "<f4"),
    77: MprColumn("<Ewe>/V", "<f4"),
    96: MprColumn("|Ece|/V", "<f4", "published"),
    123: MprColumn("Energy charge/W.h", "<f8", "published"),
    124: MprColumn("Energy discharge/W.h", "<f8", "published"),
    125: MprColumn("Capacitance charge/µF", "<f8", "published"),
    126: MprColumn("Capacitance discharge/µF", "<f8", "published"),
    131: MprColumn("Ns", "<u2"),
    169: MprColumn("Cs/µF", "<f4"),
    172: MprColumn("Cp/µF", "<f4"),
    174: MprColumn("<Ewe>/V", "<f4"),
    438: MprColumn("step time/s", "<f8", "published"),
    467: MprColumn("Q charge/discharge/mA.h", "<f8"),
    468: MprColumn("half cycle", "<u4"),
}
