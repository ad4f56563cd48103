"""A web server of this machine alone, whose files fail in the ways that real servers fail."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Served:
    """One file of the server and its faults."""

    content: bytes
    etag: str = '"1"'
    modified: str = ""
    ranges: bool = True  # False: every answer is the whole file
    if_range: bool = True  # False: it is ignored, a part of whatever is there now is sent
    shift: int = 0  # bytes by which a part begins after the asked one
    length: bool = True  # False: the end of the connection is the end of the file
    announce: int = 0  # bytes that are announced beyond the content
    cuts: list[int] = field(default_factory=list)  # bytes of the next answers before the connection is cut
    states: list[int] = field(default_factory=list)  # states of the next answers
    state: int = 200  # of all others
    pause: float = 0.0  # seconds before the body's second half


@dataclass
class Site:
    """What a server has, and what it was asked."""

    url: str = ""
    files: dict[str, Served] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # path as it was sent, Range
    most: int = 0  # requests at a time
    now: int = 0

    def add(self, name: str, content: bytes, **faults) -> str:
        """Serve `content` and give its URL."""
        self.files[f"/{name}"] = Served(content, **faults)
        return f"{self.url}/{name}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site: Site = self.server.site
        site.now += 1
        site.most = max(site.most, site.now)
        try:
            self.answer(site)
        finally:
            site.now -= 1

    def answer(self, site: Site) -> None:
        site.asked.append((self.path, self.headers.get("Range", "")))
        served = site.files.get(self.path)
        state = served.states.pop(0) if served and served.states else served.state if served else 404
        if state != 200 or served is None:
            self.send_response(state)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = self.start_of(served)
        body = served.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(served.content) - 1}/{len(served.content)}")
        if served.length:
            self.send_header("Content-Length", str(len(body) + served.announce))
        else:
            self.send_header("Connection", "close")
        for name, value in (("ETag", served.etag), ("Last-Modified", served.modified)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        cut = served.cuts.pop(0) if served.cuts else None
        body = body if cut is None else body[:cut]
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        time.sleep(served.pause)
        self.wfile.write(body[len(body) // 2 :])
        self.close_connection = True

    def start_of(self, served: Served) -> int:
        asked = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        same = condition is None or condition in (served.etag, served.modified)
        if not asked or not served.ranges or (served.if_range and not same):
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-")) + served.shift

    def log_message(self, *_: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def handle_error(self, request: object, address: object) -> None:
        """A client that was killed is no news."""


@contextlib.contextmanager
def serving(certificate: Path | None = None) -> Iterator[Site]:
    """A server that stops with the block; with a certificate (PEM, with its key) it speaks TLS."""
    with QuietServer(("127.0.0.1", 0), Handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.site = Site(f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.site
        finally:
            server.shutdown()
            thread.join()
