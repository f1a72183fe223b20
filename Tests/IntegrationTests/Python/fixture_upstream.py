"""A plugin for pytest: what the anthropic SDK's own tests give as mocked answers is served over HTTP, so that they can be asked for through a proxy.

It takes the place of the fixture `respx_mock`. The server listens on the port in ANYCLAUDE_UPSTREAM_PORT, and answers with what the running test
has set, byte for byte; what it was sent is in the route's `calls`, as there.
"""
import asyncio
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest


class Calls(list):
    @property
    def last(self):
        return self[-1]


class Call:
    def __init__(self, request):
        self.request = request


class Route:
    def __init__(self):
        self.calls = Calls()
        self.answers = None

    def mock(self, return_value=None, side_effect=None):
        # A list is one answer a request; the last of all is that for every further one.
        self.answers = list(side_effect) if side_effect is not None else [return_value]
        return self

    @property
    def call_count(self):
        return len(self.calls)

    def answer(self, request):
        self.calls.append(Call(request))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Router:
    """What of respx's router these tests use."""

    def __init__(self):
        self.routes = {}

    @property
    def calls(self):
        """Of all routes; no test has several and asks for them in their order."""
        return Calls(call for route in self.routes.values() for call in route.calls)

    def post(self, path):
        return self.routes.setdefault(path.partition("?")[0], Route())


def content(response):
    """The bytes of an answer whose content may be an iterator of either kind."""
    async def collect():
        return b"".join([part async for part in response.stream])

    if hasattr(response.stream, "__aiter__") and not hasattr(response.stream, "__iter__"):
        return asyncio.run(collect())
    return b"".join(response.stream)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        path = self.path.partition("?")[0]
        route = self.server.router.routes.get(path)
        if route is None:
            return self.send_error(404, f"no test expects {path}")
        response = route.answer(httpx2.Request("POST", f"http://upstream{self.path}", headers=list(self.headers.items()), content=body))
        data = content(response)
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def pytest_configure(config):
    config.addinivalue_line("markers", "respx: what the tests say to respx")


@pytest.fixture(scope="session")
def fixture_upstream():
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["ANYCLAUDE_UPSTREAM_PORT"])), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def respx_mock(fixture_upstream):
    fixture_upstream.router = Router()
    yield fixture_upstream.router
    unasked = [path for path, route in fixture_upstream.router.routes.items() if not route.calls]
    assert not unasked, f"no request came to {unasked}"
