#!/usr/bin/env python3
"""The real MLX-Textgen 0.2.1 and mlx_lm.server as workers under `anyclaude apply`, with the demo model on this machine's CPU.

Through the proxy: a tool round trip, a follow-up that is served from the server's cache, the same after a restart, a cache that is
damaged, and a server whose generating thread has died. Prints the times to the first token of the run; their ratios are what means
something elsewhere. The packages go to --venvs, once. ANYCLAUDE_TORCH may name another PyTorch for CPUs than the one below, also
a wheel; where it cannot be had, pip takes its own, several gigabytes for GPUs. Exit code 69 where the packages cannot be had.
Standard library only.
"""
import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import ask

ROOT = Path(__file__).resolve().parent.parent
# What was seen to work together. MLX before 0.30 turns bf16 positions wrongly on CPUs, from 0.32 on it binds streams to threads.
TEXTGEN = ["mlx[cpu]==0.31.2", "mlx-lm==0.26.4", "mlx-vlm==0.3.2", "outlines==0.2.3", "transformers<5", "mlx-textgen==0.2.1"]
LM = ["mlx[cpu]==0.32.4", "mlx-lm==0.32.2"]
NOTES = [f"Note {n}: the {name} keeps its settings below etc/{name} and its records below var/{name}; ask before they are changed."
         for n, name in enumerate(["mailer", "printer", "gateway", "archive", "calendar", "tracker", "backup", "monitor", "router", "library"] * 3, 1)]
QUESTION = {"role": "user", "content": "Please run `ls notes/2026` and tell me what it prints."}
RESULT = "plan.md\nbudget.txt\nroster-7.csv"
SECOND = {"role": "user", "content": "Please run `date` and tell me what it prints."}


class Failed(Exception):
    pass


def check(holds, text):
    if not holds:
        raise Failed(text)
    print(f"  ✔ {text}", flush=True)


def environment(options, name, packages):
    """The Python environment `name` with the packages, made once."""
    folder, stamp = options.venvs / name, "\n".join(packages)
    mark = folder / ".packages"
    if mark.exists() and mark.read_text() == stamp:
        return folder
    if options.no_install:
        print(f"test-mlx-textgen: {folder} does not have {' '.join(packages)}, and --no-install says to leave it so", file=sys.stderr)
        sys.exit(69)
    print(f"installing {' '.join(packages)} into {folder}", flush=True)
    pip = [str(folder / "bin/pip"), "install", "--quiet"]
    torch = [*pip, os.environ.get("ANYCLAUDE_TORCH", "torch==2.13.0+cpu")]
    for step in [[sys.executable, "-m", "venv", "--clear", str(folder)], *([torch] if name == "textgen" else []), [*pip, *packages]]:
        run = subprocess.run(step, capture_output=True, text=True)
        if run.returncode != 0 and step is torch:
            print(f"  {torch[-1]} cannot be had here: pip takes another one")
        elif run.returncode != 0:
            print(f"test-mlx-textgen: the packages cannot be had: `{' '.join(step)}` ended with {run.returncode}:\n"
                  + run.stderr.strip()[-2000:], file=sys.stderr)
            sys.exit(69)
    mark.write_text(stamp)
    return folder


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Stack:
    """A stack of its own with one worker; gone at the end."""

    def __init__(self, options, engine, venv, liveness):
        self.keeps = options.keep
        self.folder = Path(tempfile.mkdtemp(prefix="ac-", dir="/tmp"))
        shutil.copytree(ROOT / "examples/models/demo", self.folder / "demo")
        self.home, self.port, self.worker = self.folder / "home", free_port(), free_port()
        self.environment = {**os.environ, "PATH": f"{options.programs}:{os.environ['PATH']}", "ANYCLAUDE_HOME": str(self.home), "HOME": str(self.folder)}
        self.base = f"http://127.0.0.1:{self.port}"
        (self.folder / ".anyclauderc.yaml").write_text(f"""
backend: vllm-mlx
proxy: {{ port: {self.port}, responseCache: {{ enabled: false }} }}
backends:
  vllm-mlx:
    engine: {engine}
    port: {self.worker}
    model: ./demo
    pythonVenv: {venv}
    cache: {{ cache_slots: 10, min_tokens_for_cache: 100 }}
    health:
      startup: {{ timeout: 300s }}
      liveness: {liveness}
""")

    def run(self, *words, status=0):
        run = subprocess.run(["anyclaude", *words], env=self.environment, cwd=self.folder, capture_output=True, text=True)
        if run.returncode != status:
            raise Failed(f"anyclaude {' '.join(words)} ended with {run.returncode}, not {status}:\n{run.stdout}{run.stderr}\n{self.log('supervisor')}")
        return run.stdout + run.stderr

    def log(self, name):
        path = self.home / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def status(self):
        return next(s for s in json.loads(self.run("status", "--json"))["services"] if s["name"] == "vllm-mlx")

    def ask(self, messages):
        return ask.ask(self.base, messages, lambda text: None)

    def post(self, path, body):
        """Straight to the worker. Returns the status."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.worker}{path}", json.dumps(body).encode(), {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    def close(self):
        subprocess.run(["anyclaude", "down"], env=self.environment, cwd=self.folder, capture_output=True)
        if self.keeps:
            print(f"  kept: {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def calls(answer):
    return [block for block in answer["blocks"] if block["type"] == "tool_use"]


def text(answer):
    return "".join(block["text"] for block in answer["blocks"] if block["type"] == "text")


def result(answer, output):
    """The turns after a call: it, and what it gave back."""
    call = calls(answer)[0]
    return [{"role": "assistant", "content": answer["blocks"]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": output}]}]


def conversation(stack, reused):
    """Cold, follow-up, restart, follow-up. `reused` tells of the last answer how many tokens its server had already.

    Returns the rows of the table."""
    rows = []

    def turn(label, messages):
        answer = stack.ask(messages)
        prompt = answer["usage"]["input_tokens"] + answer["usage"].get("cache_read_input_tokens", 0)
        rows.append((label, answer["ttft"], prompt, reused(answer)))
        return answer

    ask.SYSTEM = "You are a cautious assistant.\n" + "\n".join(NOTES)
    turn("the first prompt of all (kernels are made)", [QUESTION])
    # Another beginning, so that nothing of the first can be used.
    ask.SYSTEM = "The notes of a small team on one Linux machine. Answer briefly; call the tool that is offered.\n" + "\n".join(NOTES)
    first = turn("cold", [QUESTION])
    check([c["input"] for c in calls(first)] == [{"command": "ls notes/2026"}] and first["usage"]["output_tokens"] > 0,
          f"a tool is called: {calls(first)[0]['name'] if calls(first) else None} {calls(first)[0]['input'] if calls(first) else text(first)}")
    talk = [QUESTION, *result(first, RESULT)]
    second = turn("follow-up", talk)
    check(RESULT in text(second), f"its result is reported: {text(second)!r}")
    check(rows[-1][3] > 0.9 * rows[-1][2], f"{rows[-1][3]} of {rows[-1][2]} prompt tokens came from the cache")
    talk += [{"role": "assistant", "content": second["blocks"]}, SECOND]
    before = stack.status()["pid"]
    stack.run("restart", "vllm-mlx")
    check(stack.status()["pid"] != before and stack.status()["state"] == "ready", "restarted")
    third = turn("follow-up after a restart", talk)
    check([c["input"] for c in calls(third)] == [{"command": "date"}], "a second tool call, of the conversation from before")
    return rows


def table(name, rows):
    print(f"\n{name}: time to the first token\n  {'':44} {'s':>7}  {'cold/it':>7}  {'prompt':>6}  {'cached':>6}")
    cold = next(seconds for label, seconds, _, _ in rows if label == "cold")
    for label, seconds, prompt, cached in rows:
        print(f"  {label:44} {seconds:7.3f}  {cold / seconds:7.1f}  {prompt:6}  {cached:6}")
    print(flush=True)


def textgen(options):
    print("── MLX-Textgen 0.2.1")
    stack = Stack(options, "mlx-textgen", environment(options, "textgen", TEXTGEN), "{ period: 1s, timeout: 60s }")
    try:
        print("\n".join(line for line in stack.run("apply").splitlines() if "✔" in line or "!" in line or "✘" in line))
        seen = 0

        def reused(_answer):
            nonlocal seen
            # The server does not count it in its answers; its log has each line twice.
            found = re.findall(r"\[INFO\].*Reusing cache \"cache_\d+\"\. (\d+) tokens", stack.log("mlx-textgen-server"))
            new, seen = found[seen:], len(found)
            return int(new[0]) if new else 0

        rows = conversation(stack, reused)
        check(rows[-1][3] > 0.9 * rows[-1][2], f"the cache lives after the restart: {rows[-1][3]} of {rows[-1][2]} prompt tokens came from it")
        table("MLX-Textgen 0.2.1", rows)

        (index,) = stack.home.glob("mlx-textgen-cache/*/.cache/mlx_textgen/prompt_cache/*/cached_prompts.json")
        for path in index.parent.glob("cache_*.safetensors"):
            path.write_bytes(b"")
        answers = [stack.post("/v1/chat/completions", {"model": "demo", "max_tokens": 4, "messages": [
            {"role": "system", "content": ask.SYSTEM}, QUESTION]}) for _ in range(2)]
        check(answers == [500, 500], f"a cache damaged under a running server stays damaged: {answers}")
        stack.run("restart", "vllm-mlx")
        check("has 0 bytes, a safetensors file has at least 8; lost: a prompt of " in stack.log("supervisor"), "a restart mends it, and says what is lost")
        check(calls(stack.ask([QUESTION]))[0]["input"] == {"command": "ls notes/2026"}, "and it is computed anew")
        stack.run("down")
        index.write_bytes(index.read_bytes()[:100])
        said = stack.run("apply")
        check("cached_prompts.json is not whole; lost: " in said, "a damaged index is mended before an apply, which says so")
        check(calls(stack.ask([QUESTION]))[0]["input"] == {"command": "ls notes/2026"}, "and the server serves")
    finally:
        stack.close()


def lm(options):
    print("── mlx_lm.server 0.32.2")
    stack = Stack(options, "mlx-lm", environment(options, "lm", LM), "{ period: 1s }")
    try:
        # The server knows by two words of a template that calls are JSON in <tool_call>; the demo's template has one of them.
        settings = stack.folder / "demo/tokenizer_config.json"
        values = json.loads(settings.read_text())
        settings.write_text(json.dumps({**values, "chat_template": "{#- tool_call.name -#}" + values["chat_template"]}))
        print("\n".join(line for line in stack.run("apply").splitlines() if "✔" in line or "!" in line or "✘" in line))
        rows = conversation(stack, lambda answer: answer["usage"].get("cache_read_input_tokens", 0))
        # A few tokens at the front are those of the question at the start.
        check(rows[-1][3] < 0.05 * rows[-1][2], f"it keeps nothing on the disk: after the restart {rows[-1][3]} of {rows[-1][2]} tokens are there")
        table("mlx_lm.server 0.32.2", rows)
        before = stack.status()["pid"]
        # Whatever becomes of this very request.
        poison = stack.post("/v1/completions", {"model": "default_model", "prompt": ["Hi"], "max_tokens": 1})
        deadline = time.monotonic() + 120
        while stack.status()["pid"] == before or stack.status()["state"] != "ready":
            if time.monotonic() > deadline:
                raise Failed(f"the worker whose generating thread died (its answer: {poison}) was not started anew\n{stack.log('supervisor')}")
            time.sleep(0.1)
        check("status 503" in stack.log("supervisor"), "a dead generating thread is found, and the worker started anew")
        check(calls(stack.ask([QUESTION]))[0]["input"] == {"command": "ls notes/2026"}, "and it serves")
    finally:
        stack.close()


SERVERS = {"mlx-textgen": textgen, "mlx-lm": lm}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, metavar="PROGRAMS", help="the folder of the four programs, as .build/release")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=f"{' or '.join(SERVERS)}; both where none is named")
    parser.add_argument("--venvs", type=Path, default=ROOT / ".build/mlx", metavar="FOLDER",
                        help="where the Python environments are, or are made (%(default)s)")
    parser.add_argument("--no-install", action="store_true", help="end with 69 where an environment is not there already")
    parser.add_argument("--keep", action="store_true", help="leave the folder of each stack, with its logs, where it is")
    options = parser.parse_args()
    unknown = [name for name in options.servers if name not in SERVERS]
    if unknown:
        parser.error(f"no such server: {', '.join(unknown)} (there are {', '.join(SERVERS)})")
    if not (options.programs / "anyclaude").exists():
        parser.error(f"{options.programs} has no program anyclaude: `make build` makes it")
    options.programs, options.venvs = options.programs.resolve(), options.venvs.resolve()
    options.servers = options.servers or list(SERVERS)
    return options


def main():
    options = arguments()
    failures = 0
    for name in options.servers:
        try:
            SERVERS[name](options)
        except (Failed, urllib.error.URLError, SystemExit) as error:
            if isinstance(error, SystemExit) and isinstance(error.code, int):
                raise
            failures += 1
            print(f"  ✘ {name}: {error}", flush=True)
    print(f"{len(options.servers) - failures} passed, {failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
