"""Programs that run other people's metrics, each in an environment of its own, far from fgresq's."""
