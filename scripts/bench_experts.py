#!/usr/bin/env python3
"""A model of the shape of Qwen3-Coder-30B-A3B, on this machine: memory against the estimate, both ways to start, decode against what memory allows.

  bench_experts.py PROGRAMS [--model DIR] [--threads N] [--repeats 6]

Makes the checkpoint (17 GB of random weights; removed at the end unless --model names it), serves it twice, the second time from its packed
file, asks each for an answer to a prompt of about 3000 tokens, and runs `anyclaude-runtime bench`. Needs 20 GB of memory, 36 GB of disk.
Ends with 1 where a bound of the project is missed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

WINDOW = 8192


class Worker:
    def __init__(self, program, model, cache, threads):
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [program, "serve", "--model", model, "--name", "it", "--port", "0", "--cache-dir", cache, "--context-window", str(WINDOW), "--threads", str(threads)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"port=(\d+)", line):
                self.address = f"http://127.0.0.1:{found[1]}"
                break
        else:
            sys.exit("bench_experts.py: the worker ended before it listened")
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > self.began + 900:
                self.process.kill()
                sys.exit("bench_experts.py: the worker did not become ready")
            time.sleep(0.1)
        self.start = time.monotonic() - self.began

    def is_ready(self):
        try:
            return urllib.request.urlopen(self.address + "/health", timeout=5).status == 200
        except (urllib.error.URLError, OSError):
            return False

    def ask(self):
        body = {"model": "it", "messages": [{"role": "user", "content": "word " * 1500}], "max_tokens": 64, "temperature": 0}
        request = urllib.request.Request(self.address + "/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
        began = time.monotonic()
        usage = json.load(urllib.request.urlopen(request, timeout=900))["usage"]
        return time.monotonic() - began, usage["total_tokens"], usage["prompt_tokens_details"]["cached_tokens"]

    def peak(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) * 1024

    def end(self):
        self.process.terminate()
        self.process.wait(120)
        self.process.stderr.close()


def said(*command):
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=6)
    it = parser.parse_args()
    program = os.path.join(it.programs, "anyclaude-runtime")
    missed = []
    with tempfile.TemporaryDirectory(dir=".build", prefix="bench-experts-") as folder:
        model, cache = it.model or os.path.join(folder, "model"), os.path.join(folder, "cache")
        if not it.model:
            print("making the checkpoint", file=sys.stderr)
            maker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_random_checkpoint.py")
            subprocess.run([sys.executable, maker, "qwen3-30b-a3b-4bit", model], check=True, stdout=subprocess.DEVNULL)
        estimate = said(program, "inspect", model)
        starts = []
        for name in ("from the checkpoint", "from the packed file"):
            worker = Worker(program, model, cache, it.threads)
            try:
                seconds, tokens, cached = worker.ask()
                peak = worker.peak()
            finally:
                worker.end()
            starts.append(worker.start)
            # Keys and values are counted for a whole window; these are those that were computed.
            expected = estimate["memory"]["weights"] + estimate["memory"]["overhead"] + tokens * estimate["kv_bytes_per_token"]
            print(f"{name}: ready after {worker.start:.1f} s, {cached} tokens cached, answer in {seconds:.1f} s; "
                  f"at most {peak / 1e9:.2f} GB, estimated {expected / 1e9:.2f} GB ({peak / expected - 1:+.1%})")
            if abs(peak / expected - 1) > 0.05:
                missed.append("memory within 5 % of the estimate")
        packed = [name for name in os.listdir(cache) if name.endswith(".packed")]
        if not packed or starts[1] >= starts[0]:
            missed.append("a start from the packed file")
        shutil.rmtree(cache)
        result = said(program, "bench", model, "--threads", str(it.threads), "--parts", "model", "--repeats", str(it.repeats))
        for depth in (64, 512, 3000):
            share = result[f"decode_of_read_at_{depth}"]
            print(f"decode at {depth}: {result[f'decode_at_{depth}']:.1f} tokens/s, {1 / share:.2f} times what its bytes cost at "
                  f"{result[f'read_bytes_per_second_at_{depth}'] / 1e9:.0f} GB/s")
            if depth < 3000 and share < 1 / 1.5:
                missed.append(f"decode at {depth} within 1.5 times what its bytes cost")
    for bound in missed:
        print(f"missed: {bound}")
    sys.exit(1 if missed else 0)


main()
