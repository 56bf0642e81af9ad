"""`fgresq benchmark run | table | report`."""
