#!/usr/bin/env python3
"""Clients of the proxy for measures and soaks: loopback only, bounded in requests and time. Prints one JSON document.

  proxy_load.py closed PORT [--api anthropic|openai] [--stream] [-c 1] [-n 500] [--warmup 20] [--body FILE] [--vary] [--expect DELTAS]
  proxy_load.py idle PORT [-c 1000] [--seconds 25]
  proxy_load.py soak PORT [-c 32] [-n 50000] [--seed 1]

`closed` asks again as soon as it has its answer; --vary makes system and tools of each request new. `idle` opens streams to an upstream
that says nothing, and counts their pings. `soak` asks for all kinds of proxy_upstream.py, streamed and whole, leaves some of them
half-way, and holds each answer against the grammar of the Messages API; what the steady kinds say must come whole.
"""

import argparse
import asyncio
import json
import random
import sys
import time

from proxy_grammar import Malformed, answer_text, read_events, read_whole
from proxy_upstream import FAULTS, STEADY, expected

try:
    import uvloop
except ImportError:
    uvloop = None

KEY = "sk-local-0123456789abcdef"


def request(port, body, api="anthropic"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = "/v1/messages" if api == "anthropic" else "/v1/chat/completions"
    return (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\nx-api-key: {KEY}\r\n"
        f"authorization: Bearer {KEY}\r\nanthropic-version: 2023-06-01\r\ncontent-length: {len(data)}\r\n\r\n"
    ).encode() + data


class Exchange(asyncio.Protocol):
    """One connection; `ask` sends a request and returns status and body, without the framing."""

    def __init__(self):
        self.buffer, self.waiter, self.first, self.mark, self.lost = bytearray(), None, None, None, False

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, _):
        self.lost = True
        self.finish()

    def data_received(self, data):
        self.buffer += data
        if self.first is None and self.mark and self.mark in self.buffer:
            self.first = time.perf_counter()
        if self.leaves and self.first is not None:
            self.transport.abort()
        elif self.is_complete():
            self.finish()

    def finish(self):
        if self.waiter and not self.waiter.done():
            self.waiter.set_result(None)

    def is_complete(self):
        if self.length is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            self.head = bytes(self.buffer[:end]).lower()
            del self.buffer[:end + 4]
            at = self.head.find(b"content-length:")
            self.length = int(self.head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else -1
        return len(self.buffer) >= self.length if self.length >= 0 else self.buffer.endswith(b"0\r\n\r\n") and (
            len(self.buffer) == 5 or self.buffer.endswith(b"\r\n0\r\n\r\n"))

    async def ask(self, data, mark=None, leaves=False, limit=60):
        self.buffer.clear()
        self.length, self.head, self.first, self.mark, self.leaves = None, None, None, mark, leaves
        self.waiter = asyncio.get_running_loop().create_future()
        self.transport.write(data)
        await asyncio.wait_for(self.waiter, limit)
        if self.head is None or (self.length or 0) < 0 and not self.is_complete():
            raise ConnectionError("the connection ended within an answer")
        body = bytes(self.buffer) if self.length >= 0 else dechunked(self.buffer)
        return int(self.head.split(b" ", 2)[1]), body


def dechunked(data):
    parts, at = [], 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end].split(b";")[0], 16)
        if not size:
            return b"".join(parts)
        parts.append(bytes(data[end + 2:end + 2 + size]))
        at = end + 4 + size


async def connect(port):
    return (await asyncio.get_running_loop().create_connection(Exchange, "127.0.0.1", port))[1]


def quantile(values, part):
    return round(values[min(len(values) - 1, int(len(values) * part))] * 1e3, 3) if values else None


async def closed(options):
    body = json.load(open(options.body)) if options.body else {"max_tokens": 256, "messages": [{"role": "user", "content": options.text}]}
    body["model"] = options.model
    if options.stream:
        body["stream"] = True
        if options.api == "openai":
            body["stream_options"] = {"include_usage": True}
    fixed = request(options.port, body, options.api)
    mark = (b"content_block_delta" if options.api == "anthropic" else b'"content":') if options.stream else None
    end = (b"message_stop" if options.api == "anthropic" else b"[DONE]") if options.stream else b'"content"'
    latencies, firsts, errors = [], [], []
    state = {"issued": 0, "begin": None}
    total, limit = options.n + options.warmup, time.perf_counter() + options.max_seconds

    async def worker():
        connection = None
        while state["issued"] < total and time.perf_counter() < limit and len(errors) < 50:
            number = state["issued"]
            state["issued"] += 1
            if number == options.warmup:
                state["begin"] = time.perf_counter()
            data = fixed
            if options.vary:
                # New words at the head of the system prompt: another prefix.
                body["system"][0]["text"] = f"{number:08}" + body["system"][0]["text"][8:]
                data = request(options.port, body, options.api)
            try:
                connection = connection if connection and not connection.lost else await connect(options.port)
                begin = time.perf_counter()
                status, answer = await connection.ask(data, mark)
                took = time.perf_counter() - begin
                if status != 200 or end not in answer:
                    raise ValueError(f"{status} {answer[-200:]!r}")
                if options.expect and (count := answer.count(b"event: content_block_delta")) != options.expect and options.api == "anthropic":
                    raise ValueError(f"{count} deltas")
                if number >= options.warmup:
                    latencies.append(took)
                    if connection.first:
                        firsts.append(connection.first - begin)
            except (OSError, ValueError, asyncio.TimeoutError) as error:
                errors.append(repr(error)[:300])
                connection = None

    await asyncio.gather(*(worker() for _ in range(options.c)))
    seconds = time.perf_counter() - (state["begin"] or time.perf_counter())
    latencies.sort()
    firsts.sort()
    return {
        "ok": len(latencies), "errors": len(errors), "sample": errors[:2], "seconds": round(seconds, 2), "body_bytes": len(fixed),
        "per_second": round(len(latencies) / seconds, 1) if seconds > 0 else None, "p50_ms": quantile(latencies, 0.5),
        "p99_ms": quantile(latencies, 0.99), "first_p50_ms": quantile(firsts, 0.5), "first_p99_ms": quantile(firsts, 0.99),
    }


class Idle(asyncio.Protocol):
    def __init__(self, data):
        self.data, self.times, self.lost = data, [], False

    def connection_made(self, transport):
        self.transport, self.begin = transport, time.perf_counter()
        transport.write(self.data)

    def data_received(self, data):
        self.times += [time.perf_counter() - self.begin] * data.count(b"event: ping")
        self.lost = self.lost or b"event: error" in data or data.startswith(b"HTTP/1.1 5")

    def connection_lost(self, _):
        self.lost = True


async def idle(options):
    body = {"model": options.model, "max_tokens": 9, "stream": True}
    streams = []
    for number in range(options.c):
        body["messages"] = [{"role": "user", "content": [{"type": "text", "text": "idle"}]}]
        body["system"] = f"stream {number}"
        data = request(options.port, body)
        streams.append((await asyncio.get_running_loop().create_connection(lambda: Idle(data), "127.0.0.1", options.port))[1])
        if number % 50 == 49:
            await asyncio.sleep(0.05)
    # From here on the caller may look at the memory.
    print("open", flush=True)
    await asyncio.sleep(options.seconds)
    counts = [len(stream.times) for stream in streams]
    gaps = sorted(later - earlier for stream in streams for earlier, later in zip([0, *stream.times], stream.times))
    result = {
        "streams": len(streams), "lost": sum(stream.lost for stream in streams), "pings": sum(counts), "least": min(counts), "most": max(counts),
        "longest_gap_ms": quantile(gaps, 1), "p50_gap_ms": quantile(gaps, 0.5),
    }
    for stream in streams:
        stream.transport.abort()
    return result


async def soak(options):
    chance = random.Random(options.seed)
    counts, problems = {}, []
    state = {"issued": 0}
    limit = time.perf_counter() + options.max_seconds

    async def one(connection, number):
        kind = chance.choice(STEADY) if chance.random() < 0.6 else chance.choice(FAULTS)
        streams, leaves = chance.random() < 0.8, chance.random() < 0.02
        seed = f"{options.seed}-{number}"
        body = {
            "model": f"claude-local-{kind}", "max_tokens": 64, "stream": streams,
            "messages": [{"role": "user", "content": f"soak {kind} {seed}"}],
            "tools": [{"name": "Bash", "description": "runs", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}],
        }
        if kind == "thinking":
            body["thinking"] = {"type": "enabled", "budget_tokens": 1024}
        mark = b"event: message_start" if leaves and streams else None
        try:
            status, answer = await connection.ask(request(options.port, body), mark, leaves and streams)
        except ConnectionError:
            if leaves and streams:
                return "left"
            raise Malformed(f"the connection was cut: {bytes(connection.buffer[-200:])!r}") from None
        message, error = (read_events if streams and status == 200 else read_whole)(status, answer)
        if error:
            if kind in STEADY:
                raise Malformed(f"a steady answer is an error: {status} {error}")
            return f"{kind}: {error['type']}"
        if kind in STEADY and answer_text(message) != expected(kind, seed):
            raise Malformed(f"words are lost: {answer_text(message)[:200]!r} for {expected(kind, seed)[:200]!r}")
        return f"{kind}: answer" if kind in FAULTS else "answer"

    async def worker():
        connection = None
        while state["issued"] < options.n and time.perf_counter() < limit and len(problems) < 20:
            number = state["issued"]
            state["issued"] += 1
            try:
                connection = connection if connection and not connection.lost else await connect(options.port)
                outcome = await one(connection, number)
            except (OSError, Malformed, asyncio.TimeoutError) as error:
                problems.append(f"request {number}: {error!r}"[:600])
                outcome, connection = "problem", None
            counts[outcome] = counts.get(outcome, 0) + 1

    async def report():
        while True:
            await asyncio.sleep(5)
            print(f"{state['issued']} requests, {len(problems)} problems", file=sys.stderr, flush=True)

    reporting = asyncio.ensure_future(report())
    await asyncio.gather(*(worker() for _ in range(options.c)))
    reporting.cancel()
    return {"requests": sum(counts.values()), "outcomes": dict(sorted(counts.items())), "problems": problems}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["closed", "idle", "soak"])
    parser.add_argument("port", type=int)
    parser.add_argument("--api", choices=["anthropic", "openai"], default="anthropic")
    parser.add_argument("--model", default="m")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("-c", type=int, default=1)
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--body")
    parser.add_argument("--text", default="Say hello.")
    parser.add_argument("--vary", action="store_true")
    parser.add_argument("--expect", type=int)
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--max-seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    if uvloop:
        uvloop.install()
    arguments = parser.parse_args()
    print(json.dumps(asyncio.run({"closed": closed, "idle": idle, "soak": soak}[arguments.what](arguments))), flush=True)
