"""`fgresq annotate create | status | export | import | aggregate`."""
