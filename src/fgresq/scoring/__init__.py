"""Scoring, comparing and ranking images with a loaded model."""
