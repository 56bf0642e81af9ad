"""Restored images made from pristine photographs, with labels computed from them; numpy and OpenCV, no torch."""
