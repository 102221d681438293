"""The canonical table: Battery Data Format columns, metadata, provenance, findings and intake checks."""

from jeoul.measurement.columns import COLUMNS, REQUIRED, TEMPERATURES, VENDOR_PREFIX, Column, find_column
from jeoul.measurement.join import join
from jeoul.measurement.measurement import DescribedBy, Finding, Measurement, Part, Provenance

__all__ = [
    "COLUMNS",
    "REQUIRED",
    "TEMPERATURES",
    "VENDOR_PREFIX",
    "Column",
    "DescribedBy",
    "Finding",
    "Measurement",
    "Part",
    "Provenance",
    "find_column",
    "join",
]
