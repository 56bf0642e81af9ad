"""From source data sets to fine-grained pairs: sources, pairs, the coarse filter, the JND filter; no torch."""
