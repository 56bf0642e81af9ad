"""`fgresq manifest export | import`."""
