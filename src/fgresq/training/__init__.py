"""Training: both stages of FGResQ, its ablation, and baselines under the same protocol."""
