"""Do scores and preferences agree: reading both, and the picture and tables of what was found (Figure 4)."""
