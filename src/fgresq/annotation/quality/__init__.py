"""How good answers are: agreement among people, consistency of each with themselves, and who should be looked at."""
