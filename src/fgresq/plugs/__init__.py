"""FGResQ inside other people's libraries: one optional module a library, imported by nothing of ours."""
