"""Every metric that a benchmark has a row for: what it is, what runs it, under which licence.

Cards only. Those of native metrics stand beside their code; of the others one short file a family is here.
"""

from fgresq.metrics.catalogue.lookup import PAPER, card_of, cards

__all__ = ["PAPER", "card_of", "cards"]
