"""An evaluation to the performance part of a battery passport and to the sheet of Annex IV.

::

    attributes.toml   every attribute of the public model: key, form, unit, clause, who needs it
    passport_data.py  what is stated, and which result is which attribute: a TOML file
    statements.py     a value with its uncertainty, method and date
    payload.py        statements -> the keys of the public model
    export.py         the front: passport and extension as JSON
    annex_iv.py       the sheet as blocks, PDF or HTML
"""

from jeoul.reports.passport.annex_iv import annex_iv_blocks, write_annex_iv
from jeoul.reports.passport.export import Passport, make_passport, write_passport
from jeoul.reports.passport.passport_data import PassportData, read_passport_data

__all__ = [
    "Passport",
    "PassportData",
    "annex_iv_blocks",
    "make_passport",
    "read_passport_data",
    "write_annex_iv",
    "write_passport",
]
