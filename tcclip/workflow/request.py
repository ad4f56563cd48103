"""What a command hands over to the warm server (`tcclip.process.handover`)."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Iterator
from typing import NamedTuple

from tcclip.process.handover import BETWEEN, STREAMS, exactly


class Request(NamedTuple):
    """What a fork needs to take the place of a command."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]  # file descriptors of standard input, output and error


@contextlib.contextmanager
def receive(command: socket.socket) -> Iterator[Request]:
    """What `handover.ask` has handed over, whose streams are closed behind the block.

    Raises:
        OSError: the command has ended in the meantime.
        ValueError: it has said something else, or there was no place for its streams.
    """
    length, streams, _, _ = socket.recv_fds(command, 4, len(STREAMS))
    try:
        content = exactly(command, int.from_bytes(length, "little"))
        ended = select.select([command], [], [], 0)[0]  # a command says nothing more while it waits
        if ended or not content:
            raise ConnectionError
        if len(streams) != len(STREAMS):
            raise ValueError(f"{len(streams)} of {len(STREAMS)} streams")
        yield _request(content, streams)
    finally:
        for stream in streams:
            os.close(stream)


def _request(content: bytes, streams: list[int]) -> Request:
    count, *fields = map(os.fsdecode, content.split(BETWEEN))
    arguments, (folder, *variables) = fields[: int(count)], fields[int(count) :]
    pairs = (variable.partition("=") for variable in variables)
    return Request(arguments, {name: value for name, _, value in pairs}, folder, streams)
