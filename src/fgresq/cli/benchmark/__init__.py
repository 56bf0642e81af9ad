"""`fgresq benchmark run | table`."""
