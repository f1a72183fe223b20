#!/usr/bin/env python3
"""A model's server that speaks both APIs and streams so many words at a pace: /v1/chat/completions, /v1/messages, /v1/models, /health.

  streaming_upstream.py --port PORT [--words 50] [--pause-ms 20]

A request may ask for more words: `max_tokens` of 1000 and above is ten times as many.
"""

import argparse
import asyncio
import json


def event(name, data):
    return (f"event: {name}\n" if name else "").encode() + f"data: {json.dumps(data)}\n\n".encode()


def chunk(delta, finish=None):
    return event(None, {
        "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    })


def chat(words):
    yield chunk({"role": "assistant", "content": ""})
    for number in range(words):
        yield chunk({"content": f"w{number} "})
    yield chunk({}, "stop")
    yield b"data: [DONE]\n\n"


def messages(words):
    usage = {"input_tokens": 1, "output_tokens": 1}
    yield event("message_start", {"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None, "stop_sequence": None,
        "usage": usage}})
    yield event("content_block_start", {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for number in range(words):
        yield event("content_block_delta", {
            "type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f"w{number} "}})
    yield event("content_block_stop", {"type": "content_block_stop", "index": 0})
    yield event("message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage})
    yield event("message_stop", {"type": "message_stop"})


async def answer(reader, writer, options):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(fields.get("content-length", 0)))
            path = head.split(" ")[1].partition("?")[0]
            if path not in ("/v1/chat/completions", "/v1/messages"):
                text = json.dumps({"data": [{"id": "m"}]}).encode()
                writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text)
                continue
            words = options.words * (10 if json.loads(body).get("max_tokens", 0) >= 1000 else 1)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for part in (chat if path.endswith("completions") else messages)(words):
                writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                await writer.drain()
                await asyncio.sleep(options.pause_ms / 1000)
            writer.write(b"0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--words", type=int, default=50)
    parser.add_argument("--pause-ms", type=int, default=20)
    options = parser.parse_args()
    server = await asyncio.start_server(lambda reader, writer: answer(reader, writer, options), "127.0.0.1", options.port)
    async with server:
        await server.serve_forever()


asyncio.run(main())
