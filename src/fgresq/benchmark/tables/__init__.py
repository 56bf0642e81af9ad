"""The paper's tables, made from a store."""

from fgresq.benchmark.tables.settings import TableSettings

__all__ = ["TableSettings"]
