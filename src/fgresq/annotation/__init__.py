"""Preferences collected from people: the two-round protocol, a store that loses no answer, and what the answers say.

`protocol` is pure: who judges what, in which order, and what a pair's votes decide. `store` keeps a study in a
database. `quality` measures annotators; `aggregation` turns verdicts into a data set; `active` orders pairs by
information.
"""
