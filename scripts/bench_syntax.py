#!/usr/bin/env python3
"""How fast large texts become checked trees: `anyclaude config dump --check`, beside Python's json.loads on the same machine.

    bench_syntax.py PROGRAM [RUNS]

The inputs are made here, about 10 MB each, of entries as configurations have them. A figure is the best of RUNS whole
processes, less what the program takes for an empty mapping.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

SIZE = 10 << 20


def entry(i):
    port = 1024 + i % 60000
    return {
        "name": f"worker-{i}", "enabled": True, "engine": "native", "port": port, "baseUrl": f"http://localhost:{port}/v1",
        "model": "./models/Qwen3-Coder-30B-A3B-Instruct-MLX-4bit",
        "cache": {"enable_cache": True, "cache_slots": i % 50, "min_tokens_for_cache": 100},
        "environment": {"LABEL": f"worker number {i}", "RATIO": i % 1000 / 1000}, "tags": ["local", "gpu", "quoted text"],
    }


def yaml(e):
    c, v = e["cache"], e["environment"]
    return (f"  - name: {e['name']}\n    enabled: true\n    engine: native\n    port: {e['port']}\n    baseUrl: {e['baseUrl']}\n"
            f"    model: {e['model']}\n    cache: {{ enable_cache: true, cache_slots: {c['cache_slots']}, min_tokens_for_cache: 100 }}  # layer 3\n"
            f"    environment:\n      LABEL: \"{v['LABEL']}\"\n      RATIO: {v['RATIO']}\n    tags: [local, gpu, 'quoted text']\n")


def inputs():
    blocks, entries, length = ["backends:\n"], [], 0
    while length < SIZE:
        e = entry(len(entries))
        entries.append(e)
        blocks.append(yaml(e))
        length += len(blocks[-1])
    return "".join(blocks), json.dumps({"backends": entries})


def best(runs, action):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    program, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as folder:
        def dump(name, text):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            command = [program, "config", "dump", "--check", "--max-bytes", str(1 << 28), "--max-nodes", str(1 << 28), path]
            return best(runs, lambda: subprocess.run(command, check=True))
        texts = dict(zip(("YAML", "JSON"), inputs()))
        empty = dump("empty.json", "{}")
        reference = len(texts["JSON"]) / best(runs, lambda: json.loads(texts["JSON"])) / 1e6
        print(f"  {'Python json.loads':20} {reference:7.1f} MB/s")
        for name, text in texts.items():
            speed = len(text) / (dump(f"large.{name.lower()}", text) - empty) / 1e6
            print(f"  {'anyclaude ' + name:20} {speed:7.1f} MB/s   {speed / reference:.2f} of json.loads")


if __name__ == "__main__":
    main()
