"""From answers to a data set: verdicts as its preferences, votes for Figure 4, and a scale for each content."""
