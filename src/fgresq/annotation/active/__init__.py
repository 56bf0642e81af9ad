"""Pairs with the largest expected information first, and a simulation of what that saves."""
