"""Stub docstring."""
