"""What scoring, comparing, ranking and benchmarking answer: plain values, ready to be written down."""

from fgresq.results.evidence import (
    BenchmarkEvidence,
    Disagreement,
    JudgeRecord,
    MetricTest,
    SeenImage,
    SetCoverage,
    SetRecord,
    SignificanceMatrix,
)
from fgresq.results.judging import (
    AlgorithmStanding,
    Candidate,
    Comparison,
    ContentRanking,
    ImageScore,
    Provenance,
    Ranking,
)
from fgresq.results.tables import BenchmarkResult, BenchmarkTable, TableCell, TableColumn, TableRow

__all__ = [
    "AlgorithmStanding",
    "BenchmarkEvidence",
    "BenchmarkResult",
    "BenchmarkTable",
    "Candidate",
    "Comparison",
    "ContentRanking",
    "Disagreement",
    "ImageScore",
    "JudgeRecord",
    "MetricTest",
    "Provenance",
    "Ranking",
    "SeenImage",
    "SetCoverage",
    "SetRecord",
    "SignificanceMatrix",
    "TableCell",
    "TableColumn",
    "TableRow",
]
