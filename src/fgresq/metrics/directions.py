"""Which way a metric goes, where a user says it behind its name."""


def split_direction(name: str) -> tuple[str, bool | None]:
    """A name without `:lower` or `:higher` at its end.

    Returns:
        The rest; and whether lower is better, None where the name doesn't say it.
    """
    rest, colon, last = name.rpartition(":")
    return (rest, last == "lower") if colon and last in ("lower", "higher") else (name, None)
