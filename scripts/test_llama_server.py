#!/usr/bin/env python3
"""The real llama-cpp-python server as a worker under `anyclaude apply`, with the demo model as a GGUF file.

  test_llama_server.py PROGRAMS [--venv FOLDER]

Through the proxy: an answer as a stream and whole, a system message in mid-conversation, a tool round trip, what does not fit in the window.
Its server must be told not to break an answer off for the next request, be it that of a probe. llama.cpp is compiled into --venv
the first time (ten minutes on two cores). Exit code 69 where the packages cannot be had.
"""
import argparse
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import stack as stacks

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["llama-cpp-python[server]==0.3.36", "gguf", "numpy"]
WINDOW = 2048
TOOLS = [{
    "name": "Bash", "description": "Runs a command in a shell and returns what it prints.",
    "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}]
QUESTION = {"role": "user", "content": "Please run `ls notes/2026` and tell me what it prints."}


def check(holds, text):
    if not holds:
        raise stacks.Broken(text)
    print(f"  ✔ {text}", flush=True)


def environment(folder):
    """Python with the packages, made once; the same that `make bench-runtime` uses."""
    mark, stamp = folder / ".server", "\n".join(PACKAGES)
    if not (mark.exists() and mark.read_text() == stamp):
        print(f"compiling llama.cpp into {folder}, once", flush=True)
        for step in [[sys.executable, "-m", "venv", str(folder)], [str(folder / "bin/pip"), "install", "--quiet", *PACKAGES]]:
            run = subprocess.run(step, capture_output=True, text=True, env={"CMAKE_ARGS": "-DGGML_NATIVE=ON", **os.environ})
            if run.returncode != 0:
                print(f"test-llama-server: the packages cannot be had: `{' '.join(step)}` ended with {run.returncode}:\n{run.stderr.strip()[-2000:]}",
                      file=sys.stderr)
                sys.exit(69)
        mark.write_text(stamp)
    return folder / "bin/python3"


class Proxy:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"

    def open(self, body, path="/v1/messages"):
        body = {"model": "claude-local", "max_tokens": 200, "temperature": 0, **body}
        return urllib.request.urlopen(urllib.request.Request(self.base + path, json.dumps(body).encode(), {
            "content-type": "application/json", "anthropic-version": "2023-06-01", "x-anyclaude-cache": "bypass"}), timeout=120)

    def post(self, **body):
        """The status and the answer."""
        try:
            with self.open(body) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def stream(self, **body):
        """The events."""
        with self.open({**body, "stream": True}) as response:
            return [json.loads(line[5:]) for line in response if line.startswith(b"data:")]

    def metric(self, name):
        with urllib.request.urlopen(f"{self.base}/metrics", timeout=10) as response:
            return next((float(line.split()[-1]) for line in response.read().decode().splitlines() if line.startswith(name + " ")), None)


def text(message):
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


def trial(proxy):
    status, whole = proxy.post(messages=[{"role": "user", "content": "Hello"}])
    check(status == 200 and text(whole).strip() and whole["stop_reason"] == "end_turn", f"an answer, whole: {text(whole) if status == 200 else whole}")
    events = proxy.stream(messages=[{"role": "user", "content": "Hello"}])
    kinds = [event["type"] for event in events if event["type"] != "ping"]
    check(kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"], "a stream, from its start to its end")
    streamed = "".join(e["delta"].get("text", "") for e in events if e["type"] == "content_block_delta")
    check(streamed == text(whole), "the same words as a stream")
    status, inline = proxy.post(messages=[
        {"role": "user", "content": "Hello"}, {"role": "assistant", "content": streamed}, {"role": "system", "content": "The date has changed."},
        {"role": "user", "content": "Thanks"}])
    check(status == 200, f"a system message in mid-conversation: {text(inline) if status == 200 else inline}")
    status, called = proxy.post(messages=[QUESTION], tools=TOOLS)
    calls = [block for block in called.get("content", []) if block["type"] == "tool_use"]
    check([call["input"] for call in calls] == [{"command": "ls notes/2026"}], f"a tool is called: {called}")
    status, told = proxy.post(tools=TOOLS, messages=[QUESTION, {"role": "assistant", "content": called["content"]}, {
        "role": "user", "content": [{"type": "tool_result", "tool_use_id": calls[0]["id"], "content": "plan.md\nbudget.txt"}]}])
    check(status == 200 and "plan.md" in text(told), f"and what it gave back is reported: {text(told) if status == 200 else told}")
    status, refused = proxy.post(messages=[{"role": "user", "content": "many words " * WINDOW}])
    check(status == 400 and refused["error"]["message"].startswith("prompt is too long: "), f"what does not fit: {status} {refused}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, metavar="PROGRAMS", help="the folder of the four programs, as .build/release")
    parser.add_argument("--venv", type=Path, default=ROOT / ".build/llama", metavar="FOLDER", help="where the packages are, or go (%(default)s)")
    options = parser.parse_args()
    python = environment(options.venv.resolve())
    port, worker = stacks.free_ports(2)
    stack = stacks.Stack(options.programs)
    try:
        model = f"{stack.folder}/demo.gguf"
        subprocess.run([python, ROOT / "scripts/make_gguf.py", ROOT / "examples/models/demo", model], check=True)
        stack.write(f"""
backend: llama
probation: 200ms
proxy: {{ port: {port} }}
backends:
  llama:
    kind: vllm-mlx
    engine: command
    command: [{python}, -m, llama_cpp.server, --model, {model}, --port, "{worker}", --n_ctx, "{WINDOW}", --n_threads, "2", --interrupt_requests, "false"]
    port: {worker}
    model: demo
    toolCallDialect: hermes
    health: {{ startup: {{ http: /v1/models, timeout: 120s }}, readiness: {{ http: /v1/models }} }}
""")
        stack.must("apply")
        trial(Proxy(port))
        print("1 passed, 0 failed")
    except (stacks.Broken, urllib.error.URLError) as error:
        print(f"  ✘ {error}\n{stack.run('logs', 'llama')[1][-3000:]}")
        print("0 passed, 1 failed")
        sys.exit(1)
    finally:
        stack.run("down")
        stack.close()


if __name__ == "__main__":
    main()
