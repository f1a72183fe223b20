#!/usr/bin/env python3
"""Stands for MLX-Textgen 0.2.1 or mlx_lm.server 0.32, and does wrong what they do wrong. Standard library only.

    mlx_textgen serve -cf FILE
    mlx_lm.server --model MODEL --host HOST --port PORT ...

The name it is called by says which of them it is. FAKE names a folder that a test shares with it:

    events      what happened, a line each, appended
    gated       where it exists, MLX-Textgen's model is loaded only once `loaded` exists: /v1/models is 200 all the same
    slow        where it exists, a stream stays open after its first word until `release` exists; `streaming` says that it has begun
    packages    modules as MLX-Textgen's own: where the folder exists, each prompt is computed within mlx_textgen.model_utils.wired_limit,
                and only where mlx_textgen.engine counts calls

What is wrong with both, always:
    A prompt that is a list ends what generates tokens: the process lives, /v1/models is 200, completions are 404.
    mlx_lm.server tells by /health (503), MLX-Textgen has no such thing. A list that holds "hang" makes requests wait for ever instead.
    A port that is in use: MLX-Textgen ends with 3 when all else is done; mlx_lm.server prints a traceback and hangs.
And with MLX-Textgen alone:
    While it streams it answers nothing.
    Its cache is read once, trusted, and written in place: a half of it answers 500 to every prompt that comes upon it.
"""
import contextlib
import json
import os
import re
import struct
import sys
import threading
import time
import traceback
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SHARED = Path(os.environ["FAKE"])
IS_TEXTGEN = os.path.basename(sys.argv[0]) == "mlx_textgen"


def note(text):
    with open(SHARED / "events", "a") as file:
        file.write(text + "\n")


def wait_for(name):
    while not (SHARED / name).exists():
        time.sleep(0.01)


class Settings:
    def __init__(self, words):
        self.minimum, self.name, self.host, self.port = 0, "default_model", "127.0.0.1", 8080
        if IS_TEXTGEN:
            text = Path(words[words.index("-cf") + 1]).read_text()
            self.name = self.value(text, "model_name")
            self.port, self.minimum = int(self.value(text, "port")), int(self.value(text, "min_tokens"))
        else:
            self.port = int(words[words.index("--port") + 1])

    @staticmethod
    def value(text, key):
        return re.search(rf'^\s*{key}: "?([^"\n]*)"?$', text, re.M).group(1)


class Failure(Exception):
    """A request that is answered with a status and nothing else."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Cache:
    """As MLX-Textgen keeps prompts: a list of their tokens, and a file for each. Every word is a token."""

    def __init__(self, name, minimum):
        self.folder, self.minimum = Path.home() / ".cache/mlx_textgen/prompt_cache" / name.lower(), minimum
        self.index, self.entries = self.folder / "cached_prompts.json", None

    def reused(self, tokens):
        """How many tokens need not be computed."""
        if len(tokens) < self.minimum:
            return 0
        if self.entries is None:
            # What fails here fails again for the next prompt.
            self.entries = json.loads(self.index.read_text()) if self.index.exists() else {}
        best, length = None, 0
        for name, entry in self.entries.items():
            common = len(os.path.commonprefix([entry["token_ids"], tokens]))
            if common > length:
                best, length = name, common
        if best is not None:
            data = (self.folder / f"{best}.safetensors").read_bytes()
            (header,) = struct.unpack_from("<Q", data)
            tensors = json.loads(data[8:8 + header])
            if len(data) != 8 + header + max(t["data_offsets"][1] for t in tensors.values()):
                raise ValueError("[load_safetensors] invalid data")
        return length

    def keep(self, tokens):
        if len(tokens) < self.minimum or any(entry["token_ids"][:len(tokens)] == tokens for entry in self.entries.values()):
            return
        name = f"cache_{len(self.entries)}"
        self.entries[name] = {"token_ids": tokens, "last_modified": time.time()}
        header = json.dumps({"0.0": {"dtype": "U8", "shape": [len(tokens)], "data_offsets": [0, len(tokens)]}}).encode()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(len(tokens)))
        self.index.write_text(json.dumps(self.entries, indent=4))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Lets a test take the port over without a gap.
    allow_reuse_port = True

    def __init__(self, settings):
        self.settings, self.cache = settings, Cache(settings.name, settings.minimum)
        self.fate = None
        # Of an event loop: who holds it lets nothing else be answered.
        self.loop = threading.Lock()
        super().__init__((settings.host, settings.port), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        note(f"{self.command} {self.path} {status}")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def arrive(self):
        """An event loop that is held takes no request up."""
        if IS_TEXTGEN:
            if self.server.loop.locked():
                note(f"{self.command} {self.path} waits")
            with self.server.loop:
                pass

    def do_GET(self):
        self.arrive()
        if self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": self.server.settings.name, "object": "model"}]})
        elif self.path == "/health" and not IS_TEXTGEN:
            self.answer(503, {"status": "unavailable"}) if self.server.fate else self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"detail": "Not Found"})

    def do_POST(self):
        self.arrive()
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self.complete(content)
        except Failure as failure:
            self.answer(failure.status, {"detail": str(failure)})
        except BrokenPipeError:
            note(f"{self.command} {self.path} left")
        except Exception as error:  # as the server: whatever it is, it is 500
            self.answer(500, {"detail": str(error)})

    def complete(self, content):
        server = self.server
        if content.get("model") != server.settings.name:
            raise Failure(404, f"Model {content.get('model')!r} does not exist.")
        if isinstance(content.get("prompt"), list):
            server.fate = "hang" if "hang" in content["prompt"] else "dead"
        if server.fate == "hang":
            note(f"{self.command} {self.path} hangs")
            threading.Event().wait()
        if server.fate == "dead":
            raise Failure(404, "generation thread died")
        if IS_TEXTGEN and (SHARED / "gated").exists() and not (SHARED / "loaded").exists():
            raise Failure(500, "the model is not loaded")
        text = content.get("prompt") or " ".join(self.text(m) for m in content["messages"])
        tokens = [zlib.crc32(word.encode()) for word in text.split()]
        with limited():
            reused = server.cache.reused(tokens) if IS_TEXTGEN else 0
        if reused:
            note(f"reused {reused} of {len(tokens)}")
        usage = {"prompt_tokens": len(tokens), "completion_tokens": 2, "total_tokens": len(tokens) + 2}
        if content.get("stream"):
            with server.loop if IS_TEXTGEN else contextlib.nullcontext():
                self.stream(usage)
        else:
            key = {"text": "Well done."} if "prompt" in content else {"message": {"role": "assistant", "content": "Well done."}}
            self.answer(200, {"id": "1", "object": "completion", "choices": [{"index": 0, "finish_reason": "length", **key}], "usage": usage})
        if IS_TEXTGEN:
            server.cache.keep(tokens)

    @staticmethod
    def text(message):
        content = message.get("content") or ""
        return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)

    def stream(self, usage):
        def chunk(delta, reason=None, **more):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            value = {"id": "1", "object": "chat.completion.chunk", "model": self.server.settings.name, "choices": [choice], **more}
            write(f"data: {json.dumps(value)}\n\n".encode())

        def write(data):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        note(f"{self.command} {self.path} 200")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        chunk({"role": "assistant"})
        chunk({"content": "Well"})
        if (SHARED / "slow").exists():
            (SHARED / "streaming").touch()
            wait_for("release")
        chunk({"content": " done."})
        chunk({}, "stop", usage=usage)
        write(b"data: [DONE]")
        self.wfile.write(b"0\r\n\r\n")


def limited():
    """What MLX-Textgen does before each prompt, where the test gives it its modules."""
    if IS_TEXTGEN and (SHARED / "packages").exists():
        import mlx_textgen.engine
        import mlx_textgen.model_utils
        if mlx_textgen.engine.calls(["tool_call_start"]) != 1:
            raise ValueError("a call is lost")
        return mlx_textgen.model_utils.wired_limit(None)
    return contextlib.nullcontext()


def main():
    note(f"start {os.getpid()}")
    if (SHARED / "packages").exists():
        sys.path.append(str(SHARED / "packages"))
    settings = Settings(sys.argv[1:])
    try:
        server = Server(settings)
    except OSError as error:
        note(f"in use {os.getpid()}")
        if IS_TEXTGEN:
            print(f"ERROR:    [Errno {error.errno}] error while attempting to bind on address ('{settings.host}', {settings.port})")
            sys.exit(3)
        traceback.print_exc()
        threading.Event().wait()
    server.serve_forever()


main()
