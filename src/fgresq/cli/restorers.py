"""`fgresq restorers`."""

from rich.table import Table

from fgresq.cli.terminal import cell, results


def restorers() -> None:
    """List the learned restorers that `fgresq synth --restorers` can use, and whether their packages are here."""
    from fgresq.synthesis.restore.learned import LEARNED, how_to_install

    shown = _table("name", "scale", "made for", "package")
    for restorer in LEARNED.values():
        package = restorer.package
        shown.add_row(*map(cell, (restorer.name, str(restorer.scale), restorer.made_for, package.distribution)))
    results.print(shown, soft_wrap=False)
    packages = list(dict.fromkeys(restorer.package for restorer in LEARNED.values()))
    shown = _table("package", "here", "licence")
    for package in packages:
        here = "no" if package.missing() else "yes"
        shown.add_row(*map(cell, (package.distribution, here, package.licence)))
    results.print()
    results.print(shown, soft_wrap=False)
    absent = [package for package in packages if package.missing()]
    if absent:
        results.print()
        results.print(cell(how_to_install(absent)), soft_wrap=True)


def _table(*titles: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=title in {"name", "package", "scale", "here"})
    return table
