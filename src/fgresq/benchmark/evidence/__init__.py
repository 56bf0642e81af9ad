"""What a report shows beside the tables: paired tests of metrics, disagreements with people, coverage, provenance."""

from fgresq.benchmark.evidence.make import make_evidence

__all__ = ["make_evidence"]
