"""`fgresq curate consistency`."""
