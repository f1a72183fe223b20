#!/usr/bin/env python3
"""A chat-completions server that counts words as tokens and remembers prefixes: chat_server.py PORT. It says `ready` once it listens."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = set()


def words(messages):
    """Of all messages, with one for the beginning of each."""
    result = []
    for message in messages:
        content = message["content"]
        text = content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)
        result += [f"<{message['role']}>", *text.split()]
    return result


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, kind, data):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer("application/json", json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode())

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        prompt = words(request["messages"])
        cached = max((size for size in range(len(prompt) + 1) if hash(tuple(prompt[:size])) in seen), default=0)
        seen.update(hash(tuple(prompt[:size])) for size in range(1, len(prompt) + 1))
        usage = {"prompt_tokens": len(prompt), "completion_tokens": 3, "total_tokens": len(prompt) + 3, "prompt_tokens_details": {"cached_tokens": cached}}
        chunks = [{"role": "assistant", "content": ""}, {"content": "The first"}, {"content": " one."}]
        lines = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in chunks]
        lines += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
        frames = ["data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", **line}) + "\n\n" for line in lines]
        self.answer("text/event-stream", "".join([*frames, "data: [DONE]\n\n"]).encode())


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("ready", flush=True)
server.serve_forever()
