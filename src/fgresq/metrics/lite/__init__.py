"""Distances between EfficientNet-Lite0's maps of a picture and of its reference; nothing is learned from people."""
