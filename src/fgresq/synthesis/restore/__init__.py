"""Restoration by classical algorithms; `catalogue.RESTORERS` names them all.

A restorer is a pure function (degraded, strength, generator) -> image: RGB in [0, 1] at the degraded picture's size,
strength in [0, 1] where larger restores harder, and the generator of its random choices, which few make.
"""
