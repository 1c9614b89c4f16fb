"""Who gets an answer: names, tokens, other sites; how much may be sent; what answers never tell."""

from __future__ import annotations

import base64

import pytest
from fastapi.testclient import TestClient

from aln.web import safety
from aln.web.album import Album
from aln.web.desk import Desk
from aln.web.safety import is_local
from tests.web.conftest import client_of, keys

TOKEN = "s3cret-token"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("192.168.1.4", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_local_names(host: str, expected: bool) -> None:
    assert is_local(host) == expected


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:8321"}, 200),
        ({"Host": "[::1]:8321"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8321"}, 403),
        ({"Host": "[bad"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:9999"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
    ],
    ids=str,
)
def test_who_is_answered_without_a_token(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/api/model", headers=headers).status_code == status


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"Token {TOKEN}", "Host": "host.docker.internal:8321"}, 200),
        ({"Authorization": basic(TOKEN)}, 200),
        ({"Cookie": f"aln_token={TOKEN}"}, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": basic("wrong")}, 401),
        ({"Authorization": "Basic !!!"}, 401),
        ({"Cookie": "aln_token=wrong; \x01"}, 401),
        ({"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"}, 403),
    ],
    ids=str,
)
def test_who_is_answered_with_a_token(desk: Desk, headers: dict[str, str], status: int) -> None:
    with client_of(desk, TOKEN) as client:
        for path in ("/api/model", "/health", "/api/openapi.json", "/"):
            assert client.get(path, headers=headers).status_code == status


def test_the_printed_address_lets_a_browser_in(desk: Desk) -> None:
    client = client_of(desk, TOKEN)
    assert client.get("/?token=wrong").status_code == 401
    opened = client.get(f"/?token={TOKEN}")
    assert opened.status_code == 200
    assert str(opened.url) == "http://localhost/"  # the token doesn't stay in the address
    cookie = opened.history[0].headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/api/model").status_code == 200


@pytest.mark.parametrize("path", ["/api/localize", "/api/photographs?name=a.png", "/predict"])
@pytest.mark.parametrize("told", [True, False], ids=["length told", "length not told"])
def test_large_bodies_are_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, told: bool
) -> None:
    monkeypatch.setattr(safety, "IMAGE_BYTES", 2**20)
    monkeypatch.setattr(safety, "JSON_BYTES", 2**20)
    body = b" " * (2**20 + 1)
    answer = client.post(path, content=body if told else iter([body[:100], body[100:]]))
    assert (answer.status_code, answer.json()) == (413, {"error": "at most 1 MiB can be sent"})


def test_headers_keep_strangers_out(client: TestClient) -> None:
    for path in ("/", "/api/model", "/nothing"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/%2e%2e/%2e%2e/app.py",
        "/..%2f..%2fapp.py",
        "/static/../app.py",
        "/api/photographs/..%2f..%2fsecret/picture",
        "/api/photographs/%00/picture",
        "/api/photographs/a%20b.png/review",
        "/api/export/archive?format=../../photos",
    ],
)
def test_no_path_leads_out(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in {404, 422}
    assert set(answer.json()) == {"error"}


def test_no_answer_shows_a_stack(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(desk)
    key = next(iter(keys(client).values()))

    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(Album, "read", broken)
    answer = client.get(f"/api/photographs/{key}/picture")
    assert answer.status_code == 500
    assert answer.json() == {"error": "something went wrong inside; the terminal of aln web says what"}
