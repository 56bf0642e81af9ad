"""Scores on disk, by what was judged and by what: nothing is computed twice."""

from fgresq.benchmark.store.folder import SCHEMA, Store, create_store, open_store

__all__ = ["SCHEMA", "Store", "create_store", "open_store"]
