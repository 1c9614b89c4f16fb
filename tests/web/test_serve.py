"""Starting the server as a person does: the printed address answers, Ctrl-C ends it."""

from __future__ import annotations

import io
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from rich.console import Console
from typer.testing import CliRunner

from aln.cli import app
from aln.errors import ConfigError, DataError
from aln.web import serve as serving
from aln.web.serve import address, default_out, listening, serve
from tests.small_model import small_localizer


@pytest.mark.parametrize(
    ("host", "token", "expected"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:8321/"),
        ("::1", "t", "http://[::1]:8321/?token=t"),
        ("0.0.0.0", "t", f"http://{socket.gethostname()}:8321/?token=t"),
    ],
    ids=["local", "token", "every address"],
)
def test_addresses(host: str, token: str | None, expected: str) -> None:
    assert address(host, 8321, token) == expected


def test_reviews_go_beside_the_photographs(tmp_path: Path) -> None:
    assert default_out(tmp_path / "x" / ".." / "photos") == tmp_path / "photos-review"
    assert default_out(None) == Path("aln-review")


def test_a_taken_port_is_named() -> None:
    with listening("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"127.0.0.1:{port}: can't listen there .*choose another --port"
        ):
            listening("127.0.0.1", port)


def test_a_foreign_address_is_named() -> None:
    with pytest.raises(ConfigError, match="--host"):
        listening("no such host", 0)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'aln\[web\]'"):
        serve(tmp_path, console=Console(file=io.StringIO()))


def test_the_command_passes_on_where_the_class_comes_from(tmp_path: Path, album_folder: Path) -> None:
    small_localizer().save(tmp_path / "run")
    options = ["--images", str(album_folder), "--port", "0", "--class-from", "folder"]
    told = CliRunner().invoke(app, ["web", str(tmp_path / "run"), *options])
    assert isinstance(told.exception, DataError)
    assert re.search(r"lies in no folder with the name of a class .*--class-from", str(told.exception))


def test_the_command_serves_until_it_is_stopped(tmp_path: Path, album_folder: Path) -> None:
    small_localizer().save(tmp_path / "run")
    command = [sys.executable, "-c", "from aln.cli import main; main()", "web", str(tmp_path / "run")]
    options = ["--images", str(album_folder), "--port", "0", "--host", "0.0.0.0"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        opened = next(line for line in process.stderr if line.startswith("Open "))
        found = re.match(r"Open http://[^:]+:(\d+)/\?token=(\S+)", opened)
        assert found is not None
        url = f"http://127.0.0.1:{found.group(1)}/health"
        headers = {"Authorization": f"Bearer {found.group(2)}"}
        assert httpx2.get(url, headers=headers, timeout=60).json()["status"] == "UP"
        assert httpx2.get(url, timeout=60).status_code == 401
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in process.stderr.read()
    assert (album_folder.parent / "photos-review" / "review.json").exists()
