"""The sources of FGRestore: restored images with human scores. One declaration a file."""
