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
    AlgorithmPair,
    AlgorithmStanding,
    Candidate,
    ComparedGroup,
    Comparison,
    ContentRanking,
    ImageScore,
    Provenance,
    Ranking,
)
from fgresq.results.tables import BenchmarkResult, BenchmarkTable, TableCell, TableColumn, TableRow

__all__ = [
    "AlgorithmPair",
    "AlgorithmStanding",
    "BenchmarkEvidence",
    "BenchmarkResult",
    "BenchmarkTable",
    "Candidate",
    "ComparedGroup",
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
