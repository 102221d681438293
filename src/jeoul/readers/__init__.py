"""Stage 1: a raw file -> a Measurement. One folder for each vendor format."""

from jeoul.readers.description import FormatDescription
from jeoul.readers.front import identify, read, read_all, read_joined
from jeoul.readers.registry import formats
from jeoul.readers.signals import Signals, SignalTable, read_signals

__all__ = [
    "FormatDescription",
    "SignalTable",
    "Signals",
    "formats",
    "identify",
    "read",
    "read_all",
    "read_joined",
    "read_signals",
]
