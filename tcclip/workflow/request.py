"""What a command hands over to the warm server (`tcclip.process.handover`)."""

from __future__ import annotations

import os
import select
import socket
from typing import NamedTuple

from tcclip.process.handover import BETWEEN, exactly


class Request(NamedTuple):
    """What a fork needs to take the place of a command."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]  # file descriptors of standard input, output and error


def receive(command: socket.socket) -> Request:
    """What `handover.ask` has handed over; ConnectionError where the command has ended in the meantime."""
    length, streams, _, _ = socket.recv_fds(command, 4, 3)
    content = exactly(command, int.from_bytes(length, "little"))
    ended = select.select([command], [], [], 0)[0]  # a command says nothing more while it waits
    if ended or not content:
        for stream in streams:
            os.close(stream)
        raise ConnectionError
    count, *fields = map(os.fsdecode, content.split(BETWEEN))
    arguments, (folder, *variables) = fields[: int(count)], fields[int(count) :]
    pairs = (variable.partition("=") for variable in variables)
    return Request(arguments, {name: value for name, _, value in pairs}, folder, streams)
