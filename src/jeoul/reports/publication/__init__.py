"""Measurements to a data set that anyone may read: rows, metadata, licence and checksums in one folder.

::

    dataset_data.py  what its owner says of the data set, and what beyond the list may go out: a TOML file
    allowed.py       what goes out, what is held back, and the words that must not be in it
    documents.py     the metadata: JSON-LD with BattINFO terms, Croissant, README, licence
    write.py         the front: the folder
"""

from jeoul.reports.publication.allowed import PUBLIC_COLUMNS, PUBLIC_ITEM_KEYS, HeldBack
from jeoul.reports.publication.dataset_data import LICENCES, DatasetData, read_dataset_data
from jeoul.reports.publication.write import Publication, publish

__all__ = [
    "LICENCES",
    "PUBLIC_COLUMNS",
    "PUBLIC_ITEM_KEYS",
    "DatasetData",
    "HeldBack",
    "Publication",
    "publish",
    "read_dataset_data",
]
