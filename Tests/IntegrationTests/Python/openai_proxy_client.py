"""OpenAI's official SDK against a proxy of its own: `openai_proxy_client.py PROGRAM`. Exit 0 when all passed.

Behind the proxy stand a server of the chat-completions API, the same one with calls in its text, and one of the Messages API, all
scripted here.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic
import openai

program = sys.argv[1]
MESSAGES = [{"role": "user", "content": "Hello"}]
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13, "prompt_tokens_details": {"cached_tokens": 6}}
IN_TEXT = "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>"
seen = []


def chunk(delta, finish=None, **more):
    return {"id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "upstream",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def events(self, events, named=False):
        text = "".join((f"event: {e['type']}\n" if named else "") + f"data: {json.dumps(e)}\n\n" for e in events)
        self.answer(200, (text + ("" if named else "data: [DONE]\n\n")).encode(), "text/event-stream")

    def do_GET(self):
        self.answer(200, b'{"data": [{"id": "upstream", "max_model_len": 4096}]}')

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        seen.append((self.path, body, dict(self.headers)))
        if "fail" in json.dumps(body["messages"]):
            error = {"message": "This model's maximum context length is 8 tokens. However, your messages resulted in 9 tokens.",
                     "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}
            if self.path == "/v1/messages":
                error = {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}
            return self.answer(400, json.dumps({"type": "error", "error": error}).encode())
        if "busy" in json.dumps(body["messages"]):
            return self.answer(429, b'{"error": {"message": "slow down"}}', retry_after="7")
        if self.path == "/v1/messages":
            return self.messages(body)
        if body["model"] == "in-text":
            pieces = [IN_TEXT[i:i + 5] for i in range(0, len(IN_TEXT), 5)]
            return self.events([chunk({"role": "assistant", "content": ""})] + [chunk({"content": p}) for p in pieces]
                               + [chunk({}, "stop"), {**chunk({}), "choices": [], "usage": USAGE}])
        if body.get("stream"):
            events = [chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk({}, "stop")]
            if body.get("stream_options", {}).get("include_usage"):
                events.append({**chunk({}), "choices": [], "usage": USAGE})
            return self.events(events)
        message = {"role": "assistant", "content": "Hello"}
        if body.get("tools"):
            call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        self.answer(200, json.dumps({
            "id": "up-1", "object": "chat.completion", "created": 1, "model": "upstream", "usage": USAGE,
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if body.get("tools") else "stop"}]}).encode())

    def messages(self, body):
        assert body["stream"] is True and body["max_tokens"] > 0, body
        usage = {"input_tokens": 3, "cache_read_input_tokens": 6, "cache_creation_input_tokens": 0, "output_tokens": 4}
        blocks = [({"type": "thinking", "thinking": "", "signature": ""}, [{"type": "thinking_delta", "thinking": "hm"}]),
                  ({"type": "text", "text": ""}, [{"type": "text_delta", "text": "Hel"}, {"type": "text_delta", "text": "lo"}])]
        if body.get("tools"):
            blocks.append(({"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}},
                           [{"type": "input_json_delta", "partial_json": p} for p in ('{"city":', '"Paris"}')]))
        events = [{"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "c", "content": [],
                                                        "stop_reason": None, "stop_sequence": None, "usage": usage}}, {"type": "ping"}]
        for index, (start, deltas) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": start})
            events += [{"type": "content_block_delta", "index": index, "delta": d} for d in deltas]
            events.append({"type": "content_block_stop", "index": index})
        events += [{"type": "message_delta", "delta": {"stop_reason": "tool_use" if body.get("tools") else "end_turn", "stop_sequence": None},
                    "usage": usage}, {"type": "message_stop"}]
        self.events(events, named=True)


def refused(kind, call, **members):
    try:
        call()
    except kind as error:
        for key, value in members.items():
            assert error.body[key] == value, (key, error.body)
        assert error.body["message"], error.body
        return error
    raise AssertionError("it was accepted")


def run(client, port):
    chat = client.chat.completions.create

    def models():
        listed = {m.id: m for m in client.models.list()}
        assert list(listed) == ["claude-local-plain", "claude-local-texty"], listed
        assert client.models.retrieve("claude-local-plain").id == "claude-local-plain"
        refused(openai.NotFoundError, lambda: client.models.retrieve("other"))
        theirs = anthropic.Anthropic(base_url=f"http://127.0.0.1:{port}", api_key="none").models.list(limit=1000)
        assert [m.id for m in theirs] == list(listed), theirs
        assert theirs.data[0].max_input_tokens == 4096 and theirs.data[1].max_input_tokens == 512, theirs

    def whole():
        answer = chat(model="claude-local-plain", messages=MESSAGES, seed=3, max_completion_tokens=5000)
        assert answer.choices[0].message.content == "Hello" and answer.choices[0].finish_reason == "stop", answer
        assert answer.usage.total_tokens == 13 and answer.usage.prompt_tokens_details.cached_tokens == 6, answer
        _, body, _ = seen[-1]
        assert body["model"] == "upstream" and body["seed"] == 3 and body["max_completion_tokens"] == 100, body

    def streamed():
        for model in ("claude-local-plain", "claude-x"):
            chunks = list(chat(model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True}))
            assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello", chunks
            assert chunks[-1].usage.total_tokens == 13 and not chunks[-1].choices, chunks[-1]
            assert not any(c.usage for c in chat(model=model, messages=MESSAGES, stream=True)), "usage that nobody asked for"

    def tools():
        answer = chat(model="claude-local-plain", messages=MESSAGES, tools=[WEATHER]).choices[0]
        assert answer.finish_reason == "tool_calls" and json.loads(answer.message.tool_calls[0].function.arguments) == {"city": "Paris"}, answer
        for model, wanted in (("claude-local-texty", {"city": "Paris", "days": 2}), ("claude-x", {"city": "Paris"})):
            answer = chat(model=model, messages=MESSAGES, tools=[WEATHER]).choices[0]
            assert answer.finish_reason == "tool_calls", answer
            call = answer.message.tool_calls[0]
            assert call.function.name == "get_weather" and json.loads(call.function.arguments) == wanted, answer
            with client.chat.completions.stream(model=model, messages=MESSAGES, tools=[WEATHER]) as stream:
                final = stream.get_final_completion().choices[0]
            assert json.loads(final.message.tool_calls[0].function.arguments) == wanted and final.finish_reason == "tool_calls", final
            history = MESSAGES + [final.message.model_dump(exclude_none=True, exclude={"parsed"}),
                                  {"role": "tool", "tool_call_id": final.message.tool_calls[0].id, "content": "sun"}]
            assert chat(model=model, messages=history).choices[0].message, model

    def messages_api():
        answer = chat(model="claude-x", messages=[{"role": "system", "content": "brief"}] + MESSAGES, temperature=1.5, stop=["END"],
                      reasoning_effort="low")
        assert answer.choices[0].message.content == "Hello" and answer.choices[0].message.reasoning_content == "hm", answer
        path, body, headers = seen[-1]
        assert path == "/v1/messages" and body["system"] == "brief" and body["stop_sequences"] == ["END"] and body["temperature"] == 1, body
        assert body["output_config"] == {"effort": "low"} and headers["x-api-key"] == "sk-ours" and "Authorization" not in headers, headers
        assert answer.usage.prompt_tokens == 9 and answer.usage.prompt_tokens_details.cached_tokens == 6, answer

    def errors():
        for model in ("claude-local-plain", "claude-local-texty", "claude-x"):
            long = [{"role": "user", "content": "fail"}]
            refused(openai.BadRequestError, lambda: chat(model=model, messages=long), code="context_length_exceeded")
            refused(openai.BadRequestError, lambda: chat(model=model, messages=long, stream=True), code="context_length_exceeded")
            busy = refused(openai.RateLimitError, lambda: chat(model=model, messages=[{"role": "user", "content": "busy"}]))
            assert busy.response.headers["retry-after"] == "7", busy.response.headers
        refused(openai.BadRequestError, lambda: chat(model="claude-x", messages=MESSAGES, n=2), param="n")
        refused(openai.BadRequestError, lambda: chat(model="claude-x", messages="no"), param="messages")

    for step in (models, whole, streamed, tools, messages_api, errors):
        step()
        print(f"{step.__name__}: passed", flush=True)


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
with tempfile.TemporaryDirectory() as folder:
    def backend(name, api="openai", path="/v1", **more):
        return {"name": name, "api": api, "dialect": "generic", "target": {"url": {"base": base + path}}, **more}

    settings = {
        "backends": [backend("plain", model="upstream", max_output_tokens=100),
                     backend("texty", model="in-text", context_window=512, tool_call_dialect="qwen3-coder"),
                     backend("claude", "anthropic", "", api_key="k")],
        "default_backend": "plain", "routes": [{"model": "claude-x", "to": "claude"}],
        "directories": {"cache": folder, "logs": folder}, "prompt_cache": {"enabled": True, "max_bytes": 1 << 20},
        "response_cache": {"enabled": False, "ttl_ms": 1000, "max_bytes": 1 << 20},
        "limits": {"max_body_bytes": 1 << 20, "max_concurrent": 16, "first_byte_timeout_ms": 60000, "idle_timeout_ms": 60000, "ping_ms": 10000}}
    for name, value in (("settings", settings), ("secrets", {"k": "sk-ours"})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(value, file)
    proxy = subprocess.Popen([program, "--settings", f"{folder}/settings", "--secrets", f"{folder}/secrets", "--port", "0"],
                             stderr=subprocess.PIPE, text=True)
    try:
        lines, ports, ready = [], [], threading.Event()

        def follow():
            for line in proxy.stderr:
                lines.append(line)
                ports.extend(re.findall(r"\bport=(\d+).*\bserving\b|\bserving\b.*\bport=(\d+)", line))
                if ports:
                    ready.set()
            ready.set()

        threading.Thread(target=follow, daemon=True).start()
        assert ready.wait(60) and ports, "".join(lines)
        port = next(p for p in ports[0] if p)
        run(openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0, timeout=60), port)
        print("all passed")
    finally:
        proxy.terminate()
        proxy.wait(30)
