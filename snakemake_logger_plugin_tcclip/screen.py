"""Where the progress is seen: lines that stay, and on a terminal a live block below them."""

from __future__ import annotations

import sys

from snakemake_logger_plugin_tcclip.board import Board

WIDTH = 24  # characters of a table's bar
REFRESH = 2  # times a second


class Screen:
    """Lines on stderr; on a terminal the tables are seen being filled below them."""

    def __init__(self) -> None:
        """Nothing is drawn before there is a board."""
        self.live = None
        self.board: Board | None = None

    def watch(self, board: Board) -> None:
        """Show the board from now on, where there is a terminal."""
        self.board = board
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.live import Live

        self.live = Live(
            get_renderable=self._text,
            console=Console(stderr=True, highlight=False, markup=False),
            refresh_per_second=REFRESH,
            transient=True,
            redirect_stdout=False,
        )
        self.live.start()

    def say(self, line: str) -> None:
        """One line that stays."""
        if self.live:
            self.live.console.print(line, soft_wrap=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the live block away."""
        if self.live:
            self.live.stop()
            self.live = None

    def _text(self) -> str:
        return "\n".join(block(self.board)) if self.board else ""


def block(board: Board) -> list[str]:
    """The tables as bars, and the runs counted."""
    tables = board.tables()
    width = max((len(filled.table) for filled in tables), default=0)
    lines = [
        f"{table:{width}s} {_bar(done / runs)} {done:4d} of {runs} runs" for table, done, runs in tables if done < runs
    ]
    full = [filled.table for filled in tables if filled.done == filled.runs]
    complete = [f"all runs there: {', '.join(full)}"] if full else []
    return ["", *lines, *complete, summary(board)]


def summary(board: Board) -> str:
    """`runs: 12 done, 2 running, 0 failed, 50 left; 7 min 20 s left`."""
    counts, left = board.counts(), board.seconds_left()
    time_left = "time left: known after the first run" if left is None else f"{duration(left)} left"
    return "runs: " + ", ".join(f"{number} {what}" for what, number in counts.items()) + f"; {time_left}"


def duration(seconds: float) -> str:
    """`45 s`, `7 min 20 s`, `26 h 05 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, over = divmod(minutes, 60)
    if hours:
        return f"{hours} h {over:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _bar(share: float) -> str:
    full = round(WIDTH * share)
    return "█" * full + "░" * (WIDTH - full)
