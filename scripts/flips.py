#!/usr/bin/env python3
"""The active backend is switched by `anyclaude apply` under running streams: a worker, LM Studio, OpenRouter, Claude, and back.

  flips.py PROGRAMS [--flips 12] [--streams 100] [--stop 2]

Half of the clients keep their connection from one request to the next. One in ten asks for an answer that outlasts `stop.timeout` of the proxy and
of the worker (`--stop` seconds) many times. Every answer must be whole, and no connection refused, reset, or closed in the place of an answer.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time

from stack import Broken, Stack, free_ports, wait

UPSTREAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/IntegrationTests/Fakes/streaming_upstream.py")
WORDS, PAUSE = 25, 40
BACKENDS = ["vllm-mlx", "lmstudio", "openrouter", "claude"]


def configuration(active, ports, stop):
    proxy, worker, lmstudio, openrouter, claude = ports
    command = json.dumps([sys.executable, UPSTREAM, "--port", str(worker), "--words", str(WORDS), "--pause-ms", str(PAUSE)])
    return f"""
backend: {active}
probation: 200ms
proxy: {{ port: {proxy}, stop: {{ timeout: {stop}s }}, responseCache: {{ enabled: false }} }}
backends:
  vllm-mlx:
    engine: command
    command: {command}
    port: {worker}
    stop: {{ timeout: {stop}s }}
    health: {{ startup: {{ http: /health, timeout: 30s }} }}
  lmstudio: {{ baseUrl: "http://127.0.0.1:{lmstudio}/v1", model: m }}
  openrouter: {{ baseUrl: "http://127.0.0.1:{openrouter}/v1", model: m, apiKey: {{ env: OPENROUTER_API_KEY }} }}
  claude: {{ baseUrl: "http://127.0.0.1:{claude}" }}
"""


def request(port, number, keeps, words):
    body = json.dumps({
        "model": "m", "max_tokens": 1000 if words > WORDS else 100, "stream": True, "messages": [{"role": "user", "content": f"number {number}"}],
    }).encode()
    return (
        f"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\n"
        f"x-api-key: k\r\nx-claude-code-session-id: s{number}\r\nconnection: {'keep-alive' if keeps else 'close'}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body


async def answer(reader, words):
    """Reads one answer; the head, or what is wrong with it."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)).decode("latin-1")
    if not head.startswith("HTTP/1.1 200"):
        return head, f"not 200: {head} {(await reader.read(300)).decode(errors='replace')}"
    text = b""
    while True:
        size = int(await asyncio.wait_for(reader.readuntil(b"\r\n"), 120), 16)
        part = await reader.readexactly(size + 2)
        if size == 0:
            break
        text += part[:-2]
    deltas = [json.loads(line[6:])["delta"].get("text") for line in text.decode().split("\n") if line.startswith('data: {"type":"content_block_delta"')
              or line.startswith('data: {"type": "content_block_delta"')]
    if "".join(delta or "" for delta in deltas) != "".join(f"w{number} " for number in range(words)):
        return head, f"broken: {len(deltas)} of {words} words, then {text[-300:].decode(errors='replace')}"
    if text.count(b"event: message_start") != 1 or text.count(b"event: message_stop") != 1 or b"event: error" in text:
        return head, f"not well formed: {text[-300:].decode(errors='replace')}"
    return head, None


async def client(port, number, until, result):
    keeps, words = number % 2 == 0, WORDS * 10 if number % 10 == 3 else WORDS
    connection = None
    while not until.is_set():
        try:
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", port)
                result["connections"] += 1
            reader, writer = connection
            writer.write(request(port, number, keeps, words))
            await writer.drain()
            head, fault = await answer(reader, words)
            if fault:
                result["faults"].append(fault)
            else:
                result["long" if words > WORDS else "whole"] += 1
            if fault or not keeps or "connection: close" in head.lower():
                writer.close()
                connection = None
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError) as error:
            result["faults"].append(f"{type(error).__name__}: {error} (client {number}, {'kept' if keeps else 'new'} connection)")
            connection = None


async def run(port, count, body):
    result = {"whole": 0, "long": 0, "connections": 0, "faults": []}
    until = asyncio.Event()
    clients = [asyncio.create_task(client(port, number, until, result)) for number in range(count)]
    try:
        await asyncio.get_running_loop().run_in_executor(None, body)
    finally:
        until.set()
        await asyncio.gather(*clients)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--flips", type=int, default=12)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--stop", type=int, default=2)
    options = parser.parse_args()
    ports = free_ports(5)
    servers = [
        subprocess.Popen([sys.executable, UPSTREAM, "--port", str(port), "--words", str(WORDS), "--pause-ms", str(PAUSE)]) for port in ports[2:]
    ]
    stack = Stack(options.programs)
    try:
        stack.environment["OPENROUTER_API_KEY"] = "k"
        # The plan says where requests go, and no variable does.
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            stack.environment[name] = stack.environment[name.upper()] = "http://127.0.0.1:1"
        stack.write(configuration("vllm-mlx", ports, options.stop))
        stack.must("apply")
        times = []

        def flip():
            for number in range(options.flips):
                stack.write(configuration(BACKENDS[(number + 1) % len(BACKENDS)], ports, options.stop))
                start = time.monotonic()
                stack.must("apply", limit=120)
                times.append(time.monotonic() - start)
                # So that streams of this backend are under way when it goes.
                time.sleep(0.5)

        result = asyncio.run(run(ports[0], options.streams, flip))
        # What was replaced has gone when nobody uses it.
        wait("old proxies to end", lambda: sum(service == "proxy" for _, service, *_ in stack.processes()) <= 1, 60, stack.log)
        stack.must("down")
        if result["faults"]:
            raise Broken(f"{len(result['faults'])} of {result['whole'] + len(result['faults'])} answers failed: {result['faults'][:5]}")
        print(
            f"{options.flips} switches of the backend under {options.streams} streams (each apply {statistics.median(times) * 1000:.0f} ms): "
            f"{result['whole']} answers and {result['long']} that outlast {options.stop} s of stop.timeout whole over {result['connections']} connections; "
            "0 broken, 0 refused")
        return 0
    except Broken as error:
        print(f"flips: {error}", file=sys.stderr)
        return 1
    finally:
        stack.close()
        for server in servers:
            server.terminate()
            server.wait()


sys.exit(main())
