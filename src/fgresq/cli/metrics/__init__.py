"""`fgresq metrics list | show | engines | install | remove`."""
