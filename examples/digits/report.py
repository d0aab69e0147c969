"""The table that the demonstration prints."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table


@dataclass(frozen=True)
class Line:
    """A fact; where ``good`` is not None a check and whether it holds; with ``notice`` something to know of."""

    what: str
    result: str
    good: bool | None = None
    notice: bool = False


@dataclass(frozen=True)
class Cells:
    """A row of the table of resources; the first such row is its heading."""

    texts: tuple[str, ...]


class Report:
    """Says what is being done, then shows a table of what came out."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: list[Line] = []
        self._resources: list[Cells] = []
        self.good = True

    def step(self, what: str) -> None:
        """Announce what is done next."""
        self._console.print(f"[bold]>>[/bold] {escape(what)}")

    def say(self, what: str) -> None:
        """Print a line as it is."""
        self._console.print(escape(what), soft_wrap=True)

    def row(self, what: str, result: str) -> None:
        """Note a fact."""
        self.add(Line(what, result))

    def check(self, what: str, result: str, good: bool) -> None:
        """Note a result that has to be good."""
        self.add(Line(what, result, good))

    def add(self, line: Line | Cells) -> None:
        """Note a line of either table."""
        if isinstance(line, Cells):
            self._resources.append(line)
            return
        self._lines.append(line)
        if line.good is False:
            self.good = False

    def show(self) -> None:
        """Print the tables."""
        table = Table(show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(no_wrap=True)
        marks = {None: "", True: "[green]ok[/green]", False: "[bold red]NOT OK[/bold red]"}
        for line in self._lines:
            style = "yellow" if line.notice else None
            table.add_row(escape(line.what), escape(line.result), marks[line.good], style=style)
        self._console.print(table)
        if self._resources:
            heading, *rows = self._resources
            resources = Table()
            for number, text in enumerate(heading.texts):
                resources.add_column(escape(text), justify="right" if number else "left", overflow="fold")
            for row in rows:
                resources.add_row(*map(escape, row.texts))
            self._console.print(resources)
