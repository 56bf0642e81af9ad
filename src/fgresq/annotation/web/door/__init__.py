"""Who may come in, to what, and how often: links, sessions, rights, limits, and what every request passes first."""
