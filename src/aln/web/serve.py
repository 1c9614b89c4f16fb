"""Starting the server: where it listens, who may ask, and what it prints."""

from __future__ import annotations

import secrets
import socket
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from aln.data.folder_labels import ClassFrom
from aln.errors import ConfigError

PORT = 8321
MOST_AT_ONCE = 64


def serve(
    run: Path,
    *,
    console: Console,
    images: Path | None = None,
    out: Path | None = None,
    host: str = "127.0.0.1",
    port: int = PORT,
    token: str | None = None,
    class_from: ClassFrom = "model",
) -> None:
    """Load a model and serve the page until Ctrl-C.

    Args:
        run: The trained model.
        console: Where the address is printed.
        images: Photographs to page through; None: those alone that are dropped on the page.
        out: The review folder; by default `<images>-review` beside the photographs, or `aln-review` here.
        host: Where to listen. Anything but a local address needs a token, which is made up if none is given.
        port: 0 for any that is free.
        token: What who asks must bring.
        class_from: The class to find in each photograph at first: "model", the one that the model ranks
            first, or "folder", the one that its folder is named after.

    Raises:
        AlnError: If the extra "web" isn't installed, the model, photographs or review folder can't be used,
            or the address can't be listened on.
    """
    if missing := [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]:
        raise ConfigError(f"aln web needs {' and '.join(missing)}: pip install 'aln[web]'")
    import uvicorn  # noqa: PLC0415  (an extra)

    from aln.localizer import load  # noqa: PLC0415  (the checks above come at once)
    from aln.web.app import create_app  # noqa: PLC0415
    from aln.web.desk import open_desk  # noqa: PLC0415
    from aln.web.safety import is_local  # noqa: PLC0415

    with listening(host, port) as listener:
        if token is None and not is_local(host):
            token = secrets.token_urlsafe(18)
        desk = open_desk(load(run), images, out or default_out(images), class_from)
        if desk.album.outside:
            console.print(f"{desk.album.outside} links lead out of {images} and are left out")
        console.print(f"Reviews are kept in {desk.reviews.out}")
        console.print(f"Open {address(host, listener.getsockname()[1], token)}  (Ctrl-C stops)")
        config = uvicorn.Config(
            create_app(desk, token),
            log_level="warning",
            limit_concurrency=MOST_AT_ONCE,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
        uvicorn.Server(config).run(sockets=[listener])


def default_out(images: Path | None) -> Path:
    """Where reviews go: beside the photographs, never among them."""
    if images is None:
        return Path("aln-review")
    folder = images.resolve()
    return folder.with_name(f"{folder.name}-review")


def address(host: str, port: int, token: str | None) -> str:
    """What to open in a browser."""
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    name = f"[{shown}]" if ":" in shown else shown
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigError: If the address isn't this machine's, or the port is taken.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"--host {host}: is no address to listen on ({error.strerror})") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"{host}:{port}: can't listen there ({error.strerror}); choose another --port"
        ) from error
    return listener
