"""Conformance kits for those who add a reader, a metric or a standard."""

from jeoul.testing.clauses import check_standard
from jeoul.testing.readers import check_reader

__all__ = ["check_reader", "check_standard"]
