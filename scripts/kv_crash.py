#!/usr/bin/env python3
"""Kills native workers while they write their KV store, damages what they wrote, takes their disk away, and looks at what the next one says.

  kv_crash.py PROGRAMS MODEL [--kills COUNT] [--damages COUNT] [--seed N]

kills      COUNT times with SIGKILL at a random moment of requests that are answered and saved
damages    COUNT times a bit is flipped, a page overwritten or an end cut off in a store at rest
full       the disk of the store is full (a tmpfs; left out where none can be mounted)
shared     two workers on one store, and the one that wrote it is killed

After each of them a worker starts on the same store. Each must be ready, and each of its answers that of a worker without a store. Ends with 0
where all of this held; prints what was found again.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from stack import Broken, free_ports

WORDS = "the cat sees a dog and then my friend reads what was written on an old wall near that river in spring".split()


class Worker:
    def __init__(self, programs, model, store=None, maximum=None):
        self.port = free_ports(1)[0]
        command = [f"{programs}/anyclaude-runtime", "serve", "--model", model, "--port", str(self.port), "--threads", "1"]
        if store:
            command += ["--cache-dir", store]
        if maximum:
            command += ["--cache-max-bytes", str(maximum)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while self.get("/health")[0] != 200:
            if self.process.poll() is not None:
                raise Broken(f"a worker refused to start: {self.process.stderr.read()}")
            if time.monotonic() > end:
                raise Broken("a worker is not ready after a minute")
            time.sleep(0.002)

    def get(self, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST" if body else "GET", path, body=body and json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        except (OSError, http.client.HTTPException):
            return 0, b"", {}
        finally:
            connection.close()

    def answer(self, prompt):
        """The text, and how many tokens of the prompt were known; None where the worker has gone."""
        body = {"prompt": prompt, "max_tokens": 6, "temperature": 0}
        status, data, headers = self.get("/v1/completions", body)
        if status == 0:
            return None
        if status != 200:
            raise Broken(f"an answer of {status}: {data[:300]}")
        known = headers.get("x-anyclaude-kv", "hit=0").split(";")[0]
        return json.loads(data)["choices"][0]["text"], int(known.removeprefix("hit="))

    def metric(self, name):
        _, data, _ = self.get("/metrics")
        return next((float(line.split()[1]) for line in data.decode().splitlines() if line.startswith(f"anyclaude_runtime_{name} ")), 0.0)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def end(self):
        self.process.terminate()
        self.wait()
        if self.process.returncode != 0:
            raise Broken(f"a worker ended with {self.process.returncode}")

    def wait(self):
        self.process.wait(timeout=60)
        self.process.stderr.close()


class Trial:
    def __init__(self, options, folder):
        self.options = options
        self.random = random.Random(options.seed)
        self.store = f"{folder}/kv"
        # Conversations that share beginnings, of some hundred to some thousand tokens.
        systems = [self.text(300), self.text(700)]
        self.prompts = []
        for number in range(24):
            talk = systems[number % 2]
            for _ in range(1 + number % 4):
                talk += " " + self.text(40 + 30 * (number % 5))
                self.prompts.append(talk)
        cold = Worker(options.programs, options.model)
        self.expected = {prompt: cold.answer(prompt)[0] for prompt in self.prompts}
        cold.end()
        self.hits = self.failures = 0

    def text(self, count):
        return " ".join(self.random.choice(WORDS) for _ in range(count))

    def worker(self, **more):
        return Worker(self.options.programs, self.options.model, self.store, **more)

    def check(self, worker, prompts):
        for prompt in prompts:
            answer = worker.answer(prompt)
            if answer is None:
                raise Broken(f"a worker is gone: {worker.process.poll()}")
            if answer[0] != self.expected[prompt]:
                raise Broken(f"{answer[0]!r} in place of {self.expected[prompt]!r}, with {answer[1]} tokens known (seed {self.options.seed})")
            self.hits += answer[1] > 0

    def settle(self, worker):
        """All that was kept is written."""
        end = time.monotonic() + 60
        while worker.metric("kv_waiting_writes") > 0:
            if time.monotonic() > end:
                raise Broken("the store is not written after a minute")
            time.sleep(0.005)


def kills(trial):
    for number in range(trial.options.kills):
        worker = trial.worker()
        trial.check(worker, trial.random.sample(trial.prompts, 2))
        clients = [
            threading.Thread(target=lambda work=trial.random.sample(trial.prompts, 12): [worker.answer(prompt) for prompt in work]) for _ in range(2)]
        for client in clients:
            client.start()
        time.sleep(trial.random.random() * 0.25)
        # A kill in the middle of what is being written, not after it.
        worker.kill()
        for client in clients:
            client.join()
        if number % 20 == 19:
            # So that there is something to write again.
            shutil.rmtree(trial.store)
    worker = trial.worker()
    trial.check(worker, trial.prompts)
    trial.failures = worker.metric("kv_verify_failures_total")
    worker.end()
    return f"{trial.options.kills} kills: every worker started, all answers right, {trial.hits} of them from what the killed had kept"


def segments(store):
    return sorted(f"{folder}/{name}" for folder, _, names in os.walk(store) for name in names if name.endswith(".kv"))


def damages(trial):
    worker = trial.worker()
    trial.check(worker, trial.prompts)
    trial.settle(worker)
    worker.end()
    whole = trial.store + ".whole"
    shutil.rmtree(whole, ignore_errors=True)
    os.rename(trial.store, whole)
    noticed = 0
    for number in range(trial.options.damages):
        shutil.rmtree(trial.store, ignore_errors=True)
        shutil.copytree(whole, trial.store)
        path = trial.random.choice(segments(trial.store))
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            kind = number % 4
            if kind == 0:
                at = trial.random.randrange(size)
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 1 << trial.random.randrange(8)]))
            elif kind == 1:
                file.seek(trial.random.randrange(size) // 4096 * 4096)
                file.write(trial.random.randbytes(4096))
            elif kind == 2:
                file.truncate(trial.random.randrange(size))
            else:
                # A page of another record stands here.
                file.seek(trial.random.randrange(size) // 4096 * 4096)
                page = file.read(4096)
                file.seek(trial.random.randrange(size) // 4096 * 4096)
                file.write(page)
        worker = trial.worker()
        trial.check(worker, trial.random.sample(trial.prompts, 12))
        noticed += worker.metric("kv_verify_failures_total") > 0
        worker.end()
    if trial.options.damages >= 20 and noticed == 0:
        raise Broken("no damage was counted")
    return f"{trial.options.damages} damages: every worker started, all answers right, {noticed} noticed by these answers and counted"


def full(trial):
    shutil.rmtree(trial.store, ignore_errors=True)
    os.makedirs(trial.store)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", trial.store], capture_output=True, text=True)
    if mounted.returncode != 0:
        return f"a full disk: left out, no tmpfs can be mounted: {mounted.stderr.strip()}"
    try:
        worker = trial.worker()
        trial.check(worker, trial.prompts)
        trial.settle(worker)
        failures = worker.metric("kv_write_failures_total")
        if failures == 0:
            raise Broken("the disk was not full")
        trial.check(worker, trial.prompts)
        worker.end()
        worker = trial.worker()
        trial.check(worker, trial.prompts)
        worker.kill()
    finally:
        subprocess.run(["umount", trial.store], check=True)
    return f"a full disk: all answers right, {failures:.0f} writes that failed counted"


def shared(trial):
    shutil.rmtree(trial.store, ignore_errors=True)
    first = trial.worker()
    trial.check(first, trial.prompts[:20])
    trial.settle(first)
    second = trial.worker()
    if first.metric("kv_writer") != 1 or second.metric("kv_writer") != 0:
        raise Broken("there is not one writer")
    before = trial.hits
    trial.check(second, trial.prompts[:20])
    if trial.hits - before < 18:
        raise Broken("the second worker does not read what the first wrote")
    threads = [threading.Thread(target=lambda: [first.answer(prompt) for prompt in trial.prompts])]
    threads[0].start()
    trial.check(second, trial.prompts[20:30])
    first.kill()
    threads[0].join()
    trial.check(second, trial.prompts[30:])
    trial.settle(second)
    if second.metric("kv_writer") != 1:
        raise Broken("the second worker did not become the writer")
    trial.check(second, trial.prompts)
    second.end()
    third = trial.worker()
    trial.check(third, trial.prompts)
    third.end()
    return "two workers on one store: the second reads, and writes when the first is killed; all answers right"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("model")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--damages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="anyclaude-kv-")
    try:
        trial = Trial(options, folder)
        for part in (kills, damages, full, shared):
            print(part(trial), flush=True)
    except Broken as error:
        sys.exit(f"kv_crash.py: {error} (seed {options.seed})")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
