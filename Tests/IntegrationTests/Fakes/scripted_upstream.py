#!/usr/bin/env python3
"""A server of OpenAI's API whose model does what its user tells it: the script is in the prompt.

    scripted_upstream.py PORT RECORD [--also PORT] [--model NAME]

A user message holds `SCRIPT <name> <JSON>`; the JSON is a list of steps, one for each answer after that message:

    {"text": …}                  an answer; `{results}` in it stands for what the tools gave back last
    {"calls": [{"name": …, "input": …}], "text": …, "reasoning": …}
                                 tool calls; `"find": …` instead of the name takes the offered tool whose description has that text,
                                 `"arguments": "…"` instead of the input is sent as it stands
    {"status": 529, "headers": {…}, "body": …}
                                 an error
    {"close": true}              the connection ends without an answer
    {"die": true}                the process ends
    {"lines": […], "then": …}    a stream of just these lines
    {"tries": [step, …]}         the first time, the second time …; the last of them for all times after

In a step with an answer `"finish"` is the reason of its end where the usual one will not do, `"after": n` sends n chunks of it, and `"then"` says what follows: `end` (the rest, the default), `cut` (the connection is
broken off), `eof` (the stream ends in order, too early), `hang` (nothing, until the client leaves); `"pause": s` waits so many seconds before that,
`"wait": s` before the first byte. Behind its last step, and where a summary is asked for (its step is -1), a script answers with a short one.

Each request is a line of JSON in RECORD: {"event": "request", "id", "script", "step", "try", "time", "path", "headers", "body"}; a client that leaves
before its answer is whole is {"event": "left", "id", "time"}. Nothing else is kept: sessions may run side by side. Standard library only.
"""
import argparse
import json
import os
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# At the beginning of a line: a script for a sub-agent stands inside of another's.
MARK = re.compile(r"^SCRIPT (\S+) ", re.MULTILINE)
SUMMARY = "<summary>A summary: the work was done as it was asked, and nothing is left to do.</summary>"


def text_of(content):
    """All text of a message's content."""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def script_of(messages):
    """The last script, how many answers it has had, and what the tools gave back last."""
    for position in range(len(messages) - 1, -1, -1):
        text = text_of(messages[position].get("content"))
        marks = list(MARK.finditer(text)) if messages[position]["role"] == "user" else []
        if not marks:
            continue
        name = marks[-1][1]
        steps, _ = json.JSONDecoder().raw_decode(text, marks[-1].end())
        # Some servers want words and calls in two messages.
        roles = [m["role"] for m in messages[position:]]
        answers = [pair for pair in zip(roles, roles[1:]) if pair[1] == "assistant" != pair[0]]
        results = []
        # A client that shortens its conversation asks for a summary, in these tags.
        if any("<summary>" in text and "<task-" not in text for text in (text_of(m.get("content")) for m in messages[position + 1:] if m["role"] == "user")):
            return name, [], -1, ""
        for message in reversed(messages[position + 1:]):
            if message["role"] == "assistant":
                break
            if message["role"] == "tool":
                results.insert(0, text_of(message.get("content")))
        return name, steps, len(answers), " | ".join(results)
    return None, [], 0, ""


class Model:
    """What all ports share: the record, and how often each step was asked for."""

    def __init__(self, options):
        self.name = options.model
        self.lock = threading.Lock()
        self.record = open(options.record, "a+", buffering=1)
        # One that died goes on counting where it was.
        self.record.seek(0)
        earlier = [entry for entry in map(json.loads, self.record) if entry["event"] == "request"]
        self.tries = {(entry["script"], entry["step"]): entry["try"] for entry in earlier}
        self.count = len(earlier)

    def note(self, **entry):
        with self.lock:
            self.record.write(json.dumps({**entry, "time": time.time()}) + "\n")

    def next_try(self, key):
        with self.lock:
            self.tries[key] = self.tries.get(key, 0) + 1
            return self.tries[key]

    def next_id(self):
        with self.lock:
            self.count += 1
            return self.count


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, model, handler=None):
        self.model = model
        super().__init__(("127.0.0.1", port), handler or Handler)

    def handle_error(self, request, client_address):
        """A client that left was noted where it mattered."""


class Left(Exception):
    """The client went away."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/health":
            self.whole(200, {"status": "ok"})
        elif self.path.rstrip("/").endswith("/models"):
            self.whole(200, {"object": "list", "data": [{"id": self.server.model.name, "object": "model", "owned_by": "script"}]})
        else:
            self.whole(404, {"error": {"message": f"nothing is at {self.path}"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        name, steps, position, results = script_of(body.get("messages", []))
        step = steps[position] if 0 <= position < len(steps) else {"text": SUMMARY}
        tried = self.server.model.next_try((name, position))
        self.id = self.server.model.next_id()
        self.server.model.note(event="request", id=self.id, script=name, step=position, path=self.path, headers=dict(self.headers), body=body, **{"try": tried})
        while "tries" in step:
            step = step["tries"][min(tried, len(step["tries"])) - 1]
        try:
            self.answer(step, body, results)
        except (Left, ConnectionError):
            self.server.model.note(event="left", id=self.id)
            self.close_connection = True

    # what an answer is

    def answer(self, step, body, results):
        self.pause(step.get("wait", 0))
        if step.get("close"):
            self.cut()
        elif step.get("die"):
            os._exit(1)
        elif "status" in step:
            self.whole(step["status"], step.get("body", {"error": {"message": f"scripted status {step['status']}"}}), step.get("headers", {}))
        elif "lines" in step:
            self.stream([line + "\n" for line in step["lines"]], len(step["lines"]), step)
        elif body.get("stream"):
            lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in self.chunks(step, body, results)] + ["data: [DONE]\n\n"]
            self.stream(lines, step.get("after", len(lines)), step)
        else:
            message = {"role": "assistant", "content": step.get("text", "").replace("{results}", results) or None}
            calls = self.calls(step, body)
            if calls:
                message["tool_calls"] = calls
            self.whole(200, {**self.head("chat.completion"), "usage": self.usage(body, step), "choices": [
                {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}]})

    def head(self, kind):
        return {"id": "chatcmpl-scripted", "object": kind, "created": int(time.time()), "model": self.server.model.name}

    def usage(self, body, step):
        prompt = len(json.dumps([body.get("messages"), body.get("tools")])) // 4
        answer = 1 + len(json.dumps(step)) // 4
        return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}

    def calls(self, step, body):
        offered = [tool["function"] for tool in body.get("tools", [])]
        calls = []
        for number, call in enumerate(step.get("calls", [])):
            name = call.get("name") or next((t["name"] for t in offered if call["find"] in t.get("description", "")), "no-such-tool")
            calls.append({"index": number, "id": f"call_{self.id}_{number}", "type": "function",
                          "function": {"name": name, "arguments": call.get("arguments", json.dumps(call.get("input", {})))}})
        return calls

    def chunks(self, step, body, results):
        def chunk(delta, reason=None):
            return {**self.head("chat.completion.chunk"), "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

        yield chunk({"role": "assistant", "content": ""})
        for member, text in (("reasoning_content", step.get("reasoning", "")), ("content", step.get("text", "").replace("{results}", results))):
            for at in range(0, len(text), 7):
                yield chunk({member: text[at:at + 7]})
        calls = self.calls(step, body)
        for call in calls:
            arguments = call["function"]["arguments"]
            yield chunk({"tool_calls": [{**call, "function": {"name": call["function"]["name"], "arguments": ""}}]})
            for at in range(0, len(arguments), 11):
                yield chunk({"tool_calls": [{"index": call["index"], "function": {"arguments": arguments[at:at + 11]}}]})
        yield chunk({}, step.get("finish", "tool_calls" if calls else "stop"))
        yield {**self.head("chat.completion.chunk"), "choices": [], "usage": self.usage(body, step)}

    # how it is sent

    def whole(self, status, body, headers={}):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, lines, count, step):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for line in lines[:count]:
            self.send(line)
        self.pause(step.get("pause", 0))
        then = step.get("then", "end")
        if then == "hang":
            self.pause(600)
            raise Left
        if then == "cut":
            return self.cut()
        for line in lines[count:] if then == "end" else []:
            self.send(line)
        self.wfile.write(b"0\r\n\r\n")

    def send(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def pause(self, seconds):
        """Ends early, with Left, when the client goes away."""
        if not seconds:
            return
        self.connection.settimeout(seconds)
        try:
            # Nothing is to come from a client that waits; what comes is its end.
            if not self.connection.recv(1, socket.MSG_PEEK):
                raise Left
        except TimeoutError:
            pass
        finally:
            self.connection.settimeout(None)

    def cut(self):
        """Without a proper end: a reset, as of a process that was killed."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
        self.close_connection = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("record")
    parser.add_argument("--also", type=int, metavar="PORT", help="listen there too")
    parser.add_argument("--model", default="scripted-model")
    options = parser.parse_args()
    model = Model(options)
    if options.also:
        threading.Thread(target=Server(options.also, model).serve_forever, daemon=True).start()
    Server(options.port, model).serve_forever()


if __name__ == "__main__":
    main()
