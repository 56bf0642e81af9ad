"""The whole way from source data sets to a manifest of fine-grained pairs, in steps that survive a killed process."""
