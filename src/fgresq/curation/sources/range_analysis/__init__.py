"""Sources for the analysis of metrics over ranges of quality (the paper's Table 2 and supplement); never paired."""
