"""Stage 1: a raw file -> a Measurement. One folder for each vendor format."""

from jeoul.readers.description import FormatDescription
from jeoul.readers.front import identify, read, read_all
from jeoul.readers.registry import formats

__all__ = ["FormatDescription", "formats", "identify", "read", "read_all"]
