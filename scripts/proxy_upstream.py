#!/usr/bin/env python3
"""A chat-completions server for measures and soaks of the proxy: loopback only, bounded in time, as fast as Python's event loop allows.

  proxy_upstream.py PORT [--deltas 200] [--max-seconds 900]

A request's last message decides the answer: `soak KIND SEED` is one of KINDS, `idle` is a head and then nothing, `long` has as many deltas
as --deltas says, `paced` the same with five milliseconds between two, and all else is a short answer, streamed or whole as it was asked
for: a proxy that streams from its upstream for clients that do not gets no longer answer than one that does not. What the steady kinds answer, `expected` says, so that a client can tell a lost
word. It prints `ready` once it listens.
"""

import argparse
import asyncio
import json
import random

try:
    import uvloop
except ImportError:
    uvloop = None

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
DONE = b"data: [DONE]\n\n"
LAST = b"0\r\n\r\n"

STEADY = ["text", "tool", "thinking", "slow", "split", "wide", "unterminated"]
# The words of an answer that nothing else is said of.
SHORT = ["Hello", " from", " the", " upstream", "."]
FAULTS = [
    "status400", "status429", "status500", "status503", "html502", "cut-before", "cut-head", "cut-middle", "cut-line", "cut-body",
    "garbage-line", "garbage-all", "error-event", "bad-chunk", "silent-end", "empty",
]


def chunk(delta, finish=None, usage=None):
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    value = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
    if usage:
        value["usage"] = usage
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def framed(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def whole(status, value, kind=b"application/json", more=b""):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n%s\r\n%s" % (status, kind, len(body), more, body)


def words(kind, seed):
    """The pieces of a steady answer."""
    chance = random.Random(f"{kind} {seed}")
    if kind == "wide":
        return ["é𝄞w" * 4000, " end"]
    return [f" {chance.randrange(10_000)}ü" for _ in range(chance.randrange(3, 9))]


def expected(kind, seed):
    """The text of a steady answer; of a tool's call, its input."""
    return "".join(words(kind, seed))


def events(kind, seed):
    pieces = words(kind, seed)
    first = chunk({"role": "assistant", "content": None if kind == "tool" else ""})
    usage = chunk({}, usage={"prompt_tokens": 12, "completion_tokens": len(pieces), "total_tokens": 12 + len(pieces)})
    if kind == "tool":
        argument = json.dumps({"command": expected(kind, seed)})
        call = [{"index": 0, "id": f"call_{seed}", "type": "function", "function": {"name": "Bash", "arguments": ""}}]
        parts = [argument[i:i + 7] for i in range(0, len(argument), 7)]
        calls = [chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}) for part in parts]
        return [first, chunk({"tool_calls": call}), *calls, chunk({}, "tool_calls"), usage, DONE]
    thoughts = [chunk({"reasoning_content": " hm"})] * 3 if kind == "thinking" else []
    end = [] if kind == "unterminated" else [DONE]
    return [first, *thoughts, *[chunk({"content": piece}) for piece in pieces], chunk({}, "stop"), usage, *end]


class Connection(asyncio.Protocol):
    deltas, few = [], []

    def connection_made(self, transport):
        self.transport, self.buffer, self.task = transport, bytearray(), None

    def connection_lost(self, _):
        if self.task:
            self.task.cancel()

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if b"transfer-encoding: chunked" in head:
                self.transport.write(whole(b"411 Length Required", {"error": {"message": "chunked"}}))
                return self.transport.close()
            if len(self.buffer) < end + 4 + length:
                return
            body = bytes(self.buffer[end + 4:end + 4 + length])
            del self.buffer[:end + 4 + length]
            self.answer(head, body)

    def answer(self, head, body):
        if head.startswith(b"get "):
            return self.transport.write(whole(b"200 OK", {"object": "list", "data": [{"id": "m", "object": "model"}]}))
        request = json.loads(body)
        content = request["messages"][-1].get("content")
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        if text.startswith("soak "):
            _, kind, seed = text.split()[:3]
            return self.soak(kind, seed)
        if text == "idle":
            return self.transport.write(HEAD)
        if not request.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": "Hello from the upstream."}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
            return self.transport.write(whole(b"200 OK", {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}))
        self.transport.write(HEAD)
        if text == "paced":
            self.task = asyncio.ensure_future(self.pace())
            return None
        for delta in self.deltas if text == "long" else self.few:
            self.transport.write(delta)
        self.transport.write(framed(DONE) + LAST)

    async def pace(self):
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for number, delta in enumerate(self.deltas):
            await asyncio.sleep(max(0, begin + number * 0.005 - loop.time()))
            self.transport.write(delta)
        self.transport.write(framed(DONE) + LAST)

    def soak(self, kind, seed):
        write = self.transport.write
        error = {"error": {"message": f"{kind} it is", "type": "server_error"}}
        match kind:
            case "status400": write(whole(b"400 Bad Request", error))
            case "status429": write(whole(b"429 Too Many Requests", error, more=b"retry-after: 1\r\n"))
            case "status500": write(whole(b"500 Internal Server Error", error))
            case "status503": write(whole(b"503 Service Unavailable", error))
            case "html502": write(whole(b"502 Bad Gateway", b"<html>bad gateway</html>", b"text/html"))
            case "garbage-all": write(whole(b"200 OK", b"\xff\xfe\x00 neither JSON nor events", b"text/event-stream"))
            case "cut-before": self.transport.abort()
            case "bad-chunk": write(HEAD + framed(chunk({"content": " a"})) + b"zz\r\nnothing\r\n")
            case _: self.stream(kind, seed)

    def stream(self, kind, seed):
        write = self.transport.write
        parts = events("text" if kind in FAULTS else kind, seed)
        write(HEAD)
        match kind:
            case "slow" | "split": self.task = asyncio.ensure_future(self.gently(kind, parts, seed))
            case "cut-head": self.transport.close()
            case "cut-middle" | "cut-line" | "cut-body":
                write(framed(b"".join(parts[:3])))
                if kind == "cut-line":
                    write(framed(parts[3][:17]))
                elif kind == "cut-body":
                    write(b"ffff\r\n" + parts[3])
                self.transport.close()
            case "garbage-line": write(framed(b"".join(parts[:2]) + b"data: {\"choices\": [tru\n\n" + b"".join(parts[2:])) + LAST)
            case "error-event": write(framed(b"".join(parts[:2]) + b'data: {"error": {"message": "broken", "code": 500}}\n\n') + LAST)
            case "silent-end": write(framed(b"".join(parts[:3])) + LAST)
            case "empty": write(framed(parts[0] + DONE) + LAST)
            case _: write(b"".join(framed(part) for part in parts) + LAST)

    async def gently(self, kind, parts, seed):
        chance = random.Random(seed)
        if kind == "slow":
            for part in parts:
                self.transport.write(framed(part))
                await asyncio.sleep(0.02)
        else:
            data = b"".join(framed(part) for part in parts)
            while data:
                size = chance.randrange(1, 120)
                self.transport.write(data[:size])
                data = data[size:]
                await asyncio.sleep(0)
        self.transport.write(LAST)


async def main(options):
    def parts(words):
        usage = {"prompt_tokens": 12, "completion_tokens": len(words), "total_tokens": 12 + len(words)}
        chunks = [chunk({"role": "assistant", "content": ""}), *[chunk({"content": word}) for word in words], chunk({}, "stop"), chunk({}, usage=usage)]
        return [framed(part) for part in chunks]

    Connection.deltas = parts([f" tok{number}" for number in range(options.deltas)])
    Connection.few = parts(SHORT)
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", options.port, backlog=4096)
    print("ready", flush=True)
    async with server:
        await asyncio.sleep(options.max_seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--deltas", type=int, default=200)
    parser.add_argument("--max-seconds", type=float, default=900)
    if uvloop:
        uvloop.install()
    asyncio.run(main(parser.parse_args()))
