"""Every metric that a benchmark has a row for: what it is, what runs it, under which licence.

Declarations only. The native ones are declared beside their code; of the others one short file a family is here.
"""

from fgresq.metrics.catalogue.lookup import PAPER, declaration, declarations

__all__ = ["PAPER", "declaration", "declarations"]
