"""The demo's server: on 127.0.0.1 alone, without the network, and without a trace when it has ended."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcclip.errors import UserError

if TYPE_CHECKING:
    from tcclip.prediction import Model

HOST = "127.0.0.1"  # nobody is asked for a password
LAST_PORT = 65535
QUIET = {  # of Gradio and of the library that it telephones home with
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
# What a browser may fetch for the page: from the server itself, and nothing from anywhere else.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
GRACE = 2  # seconds that open connections are waited for at the end

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def serve(load: Callable[[], Model], port: int, largest_mb: int) -> None:
    """Show a model's page at http://127.0.0.1:`port` (0: a free one) until Ctrl-C or SIGTERM.

    load: gives the model, when it is clear that there is a place for its page; largest_mb: of a video's file.

    Raises:
        UserError: Gradio is not installed, the port is taken, or there is no such model.
    """
    if find_spec("gradio") is None:
        raise UserError("the demo needs Gradio: `make demo RUN=<run>` installs it, and so does pip install '.[demo]'")
    os.environ.update(QUIET)
    end_as_by_ctrl_c()
    own_folder()
    with contextlib.suppress(KeyboardInterrupt), listening(port) as place:
        _run(load(), place, largest_mb)


def _run(model: Model, place: socket.socket, largest_mb: int) -> None:
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from tcclip.demo.page import CSS, THEME, page

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])  # no other name leads here
    gr.mount_gradio_app(
        app,
        page(model),
        path="/",
        server_name=HOST,
        max_file_size=f"{largest_mb}mb",
        show_error=True,
        ssr_mode=False,
        mcp_server=False,
        run_history=False,
        theme=THEME,
        css=CSS,
        footer_links=[],
    )
    config = uvicorn.Config(from_here_alone(app), log_level="warning", timeout_graceful_shutdown=GRACE)
    print(f"{model.name}: http://{HOST}:{place.getsockname()[1]}    Ctrl-C ends it", flush=True)
    uvicorn.Server(config).run(sockets=[place])


def from_here_alone(app: Application) -> Application:
    """The application with a policy on every answer, by which a browser refuses what lies elsewhere."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", POLICY.encode())
                message["headers"] = [*message.get("headers", ()), policy]
            await send(message)

        await app(scope, receive, with_policy)

    return guarded


def listening(port: int) -> socket.socket:
    """A place for the server; UserError where somebody else has it, or where there is no such port."""
    if not 0 <= port <= LAST_PORT:
        raise UserError(f"--port must be 0 to {LAST_PORT} (got {port}); 0 takes a free one")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        another = port + 1 if port < LAST_PORT else 0
        raise UserError(f"port {port} cannot be used ({error.strerror}): --port {another}") from error


def own_folder() -> Path:
    """A folder for every temporary file of this process: uploads, what is made of them, indexes of frames.

    It is deleted when the program ends, after the last thread that works in it, whatever it ends by but SIGKILL.
    """
    folder = tempfile.mkdtemp(prefix="tcclip-demo-")
    atexit.register(_delete, folder)
    tempfile.tempdir = os.environ["GRADIO_TEMP_DIR"] = folder
    return Path(folder)


def _delete(folder: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # impatience does not leave the half of it
        signal.signal(number, signal.SIG_IGN)
    shutil.rmtree(folder, ignore_errors=True)


def end_as_by_ctrl_c() -> None:
    """A program that ends this one, or a terminal that is closed, does so as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup's stays
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
