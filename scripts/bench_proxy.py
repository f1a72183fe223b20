#!/usr/bin/env python3
"""The proxy's cost beside LiteLLM's and nginx's, on the same upstream, in one run: only the ratios mean anything elsewhere.

  bench_proxy.py PROGRAMS [--only start,requests,body,idle] [--without litellm,nginx] [--json FILE] [--check]
  bench_proxy.py PROGRAMS --soak [-n 200000] [--max-seconds 1500]

CPU time is what counts, read from /proc for the proxy's processes alone; wall time stands beside it. LiteLLM's proxy goes into a virtual
environment of its own (--venv, .build/litellm), nginx comes from PATH or, unpacked and never installed, from Debian's package
(.build/bench-tools). Whoever cannot be had is left out with the reason. --check ends with 1 where a bound of the issue does not hold.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from bench_supervisor import unpack
import bench_supervisor
from proxy_upstream import FAULTS, SHORT, STEADY
from stack import free_ports

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
LITELLM = "1.106.2"
KEY = "sk-local-0123456789abcdef"


class Skipped(Exception):
    """Why something is left out."""


def tree(pid):
    """The process and those below it."""
    pids = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            for child in file.read().split():
                pids += tree(int(child))
    return pids


def cpu(pid):
    """Seconds of CPU time so far, of all of its processes."""
    total = 0
    for one in tree(pid):
        with open(f"/proc/{one}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def rss(pid):
    """Resident memory in MiB."""
    total = 0
    for one in tree(pid):
        with open(f"/proc/{one}/status") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    return round(total / 1024, 1)


class Program:
    """A server that this run started, and ends."""

    def __init__(self, name, command, port, path, environment=None, limit=120, log=None):
        self.name, self.port = name, port
        begin = time.perf_counter()
        output = open(log, "wb") if log else subprocess.DEVNULL
        self.child = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        self.start = None
        while self.start is None:
            if self.child.poll() is not None or time.perf_counter() - begin > limit:
                self.stop()
                raise Skipped(f"{name} does not start" + (f": {open(log, errors='replace').read()[-400:]}" if log else ""))
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
                self.start = time.perf_counter() - begin
            except OSError:
                time.sleep(0.001 if name == "anyclaude" else 0.05)

    @property
    def pid(self):
        return self.child.pid

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(40)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.python = f"{options.venv}/bin/python3" if os.path.exists(f"{options.venv}/bin/python3") else sys.executable
        self.running = []
        [self.upstream] = free_ports(1)
        child = subprocess.Popen([self.python, f"{HERE}/proxy_upstream.py", str(self.upstream), "--max-seconds", "3600"], stdout=subprocess.PIPE)
        child.stdout.readline()
        self.upstream_child = child

    def stop(self):
        for program in self.running:
            program.stop()
        self.upstream_child.kill()
        self.upstream_child.wait()

    def add(self, *arguments, **more):
        program = Program(*arguments, **more)
        self.running.append(program)
        return program

    def anyclaude(self, names=("m",), more=None, **limits):
        [port] = free_ports(1)
        target = {"url": {"base": f"http://127.0.0.1:{self.upstream}/v1"}}
        settings = {
            "backends": [{"name": name, "api": "openai", "dialect": "generic", "target": target, "model": "m"} for name in names],
            "default_backend": names[0], "routes": [], "prompt_cache": {"enabled": True, "max_bytes": 64 << 20},
            "response_cache": {"enabled": True, "ttl_ms": 300_000, "max_bytes": 256 << 20},
            "limits": {
                "max_body_bytes": 32 << 20, "max_concurrent": 2048, "first_byte_timeout_ms": 600_000, "idle_timeout_ms": 300_000, "ping_ms": 10_000,
            } | limits,
            "directories": {"cache": f"{self.folder}/cache-{port}", "logs": f"{self.folder}/logs-{port}"},
            "request_log": {"max_bytes": 16 << 20, "max_files": 5},
        } | (more or {})
        os.makedirs(f"{self.folder}/logs-{port}")
        path = f"{self.folder}/settings-{port}.json"
        with open(path, "w") as file:
            json.dump(settings | self.options.settings, file)
        command = [f"{self.options.programs}/anyclaude-proxy", "--settings", path, "--port", str(port)]
        return self.add("anyclaude", command, port, "/health", log=f"{self.folder}/anyclaude-{port}.log")

    def litellm(self):
        venv = self.options.venv
        if not os.path.exists(f"{venv}/bin/litellm"):
            print(f"  (installing litellm[proxy] {LITELLM} into {venv})", file=sys.stderr)
            made = subprocess.run([sys.executable, "-m", "venv", venv]).returncode == 0
            if not made or subprocess.run([f"{venv}/bin/pip", "install", "-q", f"litellm[proxy]=={LITELLM}"]).returncode != 0:
                shutil.rmtree(venv, ignore_errors=True)
                raise Skipped("litellm cannot be installed")
        [port] = free_ports(1)
        path = f"{self.folder}/litellm.yaml"
        with open(path, "w") as file:
            model = {"model": "hosted_vllm/m", "api_base": f"http://127.0.0.1:{self.upstream}/v1", "api_key": "none"}
            json.dump({"model_list": [{"model_name": "m", "litellm_params": model}], "general_settings": {"master_key": KEY}}, file)
        environment = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": self.folder, "LITELLM_TELEMETRY": "False", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        command = [f"{venv}/bin/litellm", "--config", path, "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
        return self.add("litellm", command, port, "/health/liveliness", environment=environment, log=f"{self.folder}/litellm.log")

    def nginx(self):
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program:
            bench_supervisor.PACKAGES["nginx"] = ["nginx"]
            os.makedirs(".build/bench-tools", exist_ok=True)
            if not unpack(["nginx"], os.path.abspath(".build/bench-tools")):
                raise Skipped("nginx cannot be had")
            program = ".build/bench-tools/nginx/usr/sbin/nginx"
        [port] = free_ports(1)
        path = f"{self.folder}/nginx.conf"
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        with open(path, "w") as file:
            file.write(f"""daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;
                events {{ worker_connections 4096; }}
                http {{ access_log off; {temporary} keepalive_requests 1000000;
                  upstream up {{ server 127.0.0.1:{self.upstream}; keepalive 64; keepalive_requests 1000000; }}
                  server {{ listen 127.0.0.1:{port}; client_max_body_size 32m; client_body_buffer_size 1m;
                    location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }} }}""")
        return self.add("nginx", [program, "-c", path, "-p", self.folder], port, "/v1/models")

    def load(self, what, port, *arguments):
        command = [self.python, f"{HERE}/proxy_load.py", what, str(port), *map(str, arguments)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        if run.returncode != 0:
            raise Skipped(f"the load broke: {run.stderr[-500:]}")
        return json.loads(run.stdout.splitlines()[-1])

    def measured(self, program, count, *arguments):
        """A closed loop of `count`, with the program's CPU time for each."""
        self.load("closed", program.port, *arguments, "-n", max(20, count // 2), "--warmup", 0)
        before = cpu(program.pid)
        result = self.load("closed", program.port, *arguments, "-n", count, "--warmup", 0)
        done = result["ok"]
        result["cpu_ms"] = round((cpu(program.pid) - before) * 1000 / done, 4) if done else None
        result["rss_mib"] = rss(program.pid)
        return result


def client_body(path):
    """A request of the client's shape and size, of our own words: 12 tools, three system blocks, some turns."""
    sentence = "The quick brown fox of this sentence jumps over lazy dogs, files, folders and \"quoted\" words.\n"
    def prose(size):
        return (sentence * (size // len(sentence) + 1))[:size]
    properties = {
        name: {"type": "string", "description": prose(150)} for name in ["path", "command", "pattern", "limit", "offset"]
    }
    tools = [
        {
            "name": f"Tool{number}", "description": prose(1700),
            "input_schema": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties, "required": ["path"], "additionalProperties": False},
        }
        for number in range(12)
    ]
    mark = {"cache_control": {"type": "ephemeral"}}
    system = [{"type": "text", "text": prose(100)}, {"type": "text", "text": prose(60), **mark}, {"type": "text", "text": prose(7000), **mark}]
    messages = [{"role": "user", "content": prose(1000)}, {"role": "system", "content": prose(9000)}]
    for number in range(4):
        use = {"type": "tool_use", "id": f"toolu_{number}", "name": "Tool1", "input": {"path": f"/tmp/{number}", "command": prose(200)}}
        messages += [
            {"role": "assistant", "content": [{"type": "text", "text": prose(300)}, use]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": prose(4500)}]},
        ]
    body = {
        "model": "m", "max_tokens": 32000, "messages": messages, "system": system, "tools": tools, "thinking": {"type": "adaptive", "display": "omitted"},
        "metadata": {"user_id": "{}"}, "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
    }
    with open(path, "w") as file:
        json.dump(body, file)


class Report:
    def __init__(self):
        self.figures, self.failed = {}, []

    def row(self, group, name, figures):
        self.figures.setdefault(group, {})[name] = figures
        shown = "  ".join(f"{key} {value}" for key, value in figures.items() if value not in (None, [], 0) or key == "errors")
        print(f"  {name:<10} {shown}", flush=True)

    def bound(self, what, value, limit, unit=""):
        holds = value is not None and value <= limit
        if not holds:
            self.failed.append(what)
        print(f"  {'holds' if holds else 'FAILS'}: {what}: {value}{unit}, at most {limit}{unit}", flush=True)


def ratio(report, group, key, other, least=None, most=None, what=""):
    rows = report.figures.get(group, {})
    if "anyclaude" not in rows or other not in rows or not rows[other].get(key) or not rows["anyclaude"].get(key):
        return
    mine, theirs = rows["anyclaude"][key], rows[other][key]
    factor = round(theirs / mine, 1) if least else round(mine / theirs, 2)
    holds = factor >= least if least else factor <= most
    if not holds:
        report.failed.append(what)
    words = f"{factor} times less than {other}, at least {least}" if least else f"{factor} times {other}'s, at most {most}"
    print(f"  {'holds' if holds else 'FAILS'}: {what}: {words}", flush=True)


def streamed(bench, program, count, arguments, api):
    """Streams of 200 deltas, and what a delta costs: what a stream costs beside its deltas is that of a short one."""
    figures = bench.measured(program, count, *arguments, "--api", api, *(["--expect", 200] if api == "anthropic" else []))
    few = bench.measured(program, 4 * count, *(word for word in arguments if word not in ("--text", "long", "paced")), "--api", api)
    if figures["cpu_ms"] is not None and few["cpu_ms"] is not None:
        figures["delta_us"] = round((figures["cpu_ms"] - few["cpu_ms"]) * 1000 / (200 - len(SHORT)), 3)
    return figures


def measure(options, bench, report):
    only = options.only.split(",")
    without = options.without.split(",")
    peers = []
    for name in ["litellm", "nginx"]:
        if name in without or not {"requests"} & set(only):
            continue
        try:
            peers.append(getattr(bench, name)())
        except Skipped as error:
            print(f"  {name}: left out: {error}", flush=True)
    own = bench.anyclaude()
    body = f"{bench.folder}/body.json"
    client_body(body)
    if "start" in only:
        print("start, to the first answer (ms; the best and the worst of ten)")
        starts = []
        for _ in range(10):
            again = bench.anyclaude()
            starts.append(round(again.start * 1000, 1))
            again.stop()
        report.row("start", "anyclaude", {"best_ms": min(starts), "worst_ms": max(starts), "rss_mib": rss(own.pid)})
        report.bound("start to the first answer", sorted(starts)[len(starts) // 2], 50, " ms")
        for peer in peers:
            report.row("start", peer.name, {"best_ms": round(peer.start * 1000), "rss_mib": rss(peer.pid)})
    if "requests" in only:
        scenarios = [
            ("a whole answer, 1 at a time", ["-c", 1], 4000, 200, "anthropic"),
            ("a whole answer, 16 at a time", ["-c", 16], 8000, 200, "anthropic"),
            ("a stream of 200 deltas, 1 at a time", ["--stream", "-c", 1, "--text", "long"], 600, 40, "anthropic"),
            ("a stream of 200 deltas, 8 at a time", ["--stream", "-c", 8, "--text", "long"], 1200, 40, "anthropic"),
            ("a stream of 200 deltas, one each 5 ms, 32 at a time", ["--stream", "-c", 32, "--text", "paced"], 320, 0, "anthropic"),
        ]
        for title, arguments, count, slow, api in scenarios:
            count = int(count * options.scale)
            print(f"{title} (CPU in ms for each)")
            streams = "--stream" in arguments
            report.row(title, "anyclaude", streamed(bench, own, count, arguments, api) if streams else bench.measured(own, count, *arguments))
            for peer in peers:
                if peer.name == "nginx" and not streams or peer.name == "litellm" and not slow:
                    continue
                kind = "openai" if peer.name == "nginx" else api
                if peer.name == "nginx":
                    report.row(title, peer.name, streamed(bench, peer, count, arguments, kind))
                else:
                    report.row(title, peer.name, bench.measured(peer, int(slow * options.scale), *arguments, "--api", kind))
            ratio(report, title, "cpu_ms", "litellm", least=50, what=f"CPU for {title}")
            if streams:
                ratio(report, title, "delta_us", "nginx", most=2, what=f"CPU per delta of {title}")
        report.bound("resident memory after load", rss(own.pid), 64, " MiB")
    if "body" in only:
        print(f"a body of {os.path.getsize(body)} bytes, whole answers (CPU in ms for each)")
        small = bench.measured(own, int(2000 * options.scale), "-c", 4)
        cold = bench.measured(own, int(1500 * options.scale), "-c", 4, "--body", body, "--vary")
        warm = bench.measured(own, int(3000 * options.scale), "-c", 4, "--body", body)
        for name, figures in [("small", small), ("cold", cold), ("warm", warm)]:
            report.row("body", name, figures)
        if small["cpu_ms"] is not None and cold["cpu_ms"] is not None and warm["cpu_ms"] is not None:
            report.bound("cold, beyond a small request", round(cold["cpu_ms"] - small["cpu_ms"], 3), 1, " ms")
            report.bound("layer 1 warm, beyond a small request", round(warm["cpu_ms"] - small["cpu_ms"], 3), 0.2, " ms")
    if "idle" in only:
        print(f"{options.streams} streams that say nothing, a ping each 10 s")
        fresh = bench.anyclaude(max_concurrent=options.streams + 64)
        bench.load("closed", fresh.port, "-n", 200, "--stream")
        before, begin = rss(fresh.pid), cpu(fresh.pid)
        command = [bench.python, f"{HERE}/proxy_load.py", "idle", str(fresh.port), "-c", str(options.streams), "--seconds", "32"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        child.stdout.readline()
        time.sleep(25)
        during = rss(fresh.pid)
        result = json.loads(child.communicate(timeout=120)[0].splitlines()[-1])
        result |= {"rss_before_mib": before, "rss_mib": during, "kib_per_stream": round((during - before) * 1024 / options.streams, 1), "cpu_s": round(cpu(fresh.pid) - begin, 2)}
        report.row("idle", "anyclaude", result)
        report.bound("streams that were lost", result["lost"], 0)
        report.bound("the longest wait for a ping", result["longest_gap_ms"] and round(result["longest_gap_ms"]), 11_000, " ms")


def soak(options, bench, report):
    print(f"a soak of {options.n} requests, faults at the upstream and clients that leave")
    # Each fault is to get through: neither asked for again, nor kept away.
    more = {"retry": {"attempts": 1, "initial_ms": 1, "max_ms": 1}, "breaker": {"enabled": False, "failures": 5, "open_ms": 1000, "max_open_ms": 1000}}
    own = bench.anyclaude(names=(*STEADY, *FAULTS), more=more)
    first = options.n // 10
    samples, outcomes, problems, done = [], {}, [], 0
    deadline = time.monotonic() + options.max_seconds
    for part in range(10):
        # Two processes: one could not ask as fast as the proxy answers.
        children = [
            subprocess.Popen(
                [bench.python, f"{HERE}/proxy_load.py", "soak", str(own.port), "-c", "24", "-n", str(first // 2), "--seed", str(part * 2 + half + 1), "--max-seconds", str(max(1, deadline - time.monotonic()))],
                stdout=subprocess.PIPE, text=True)
            for half in (0, 1)
        ]
        for child in children:
            result = json.loads(child.communicate()[0].splitlines()[-1])
            done += result["requests"]
            problems += result["problems"]
            for name, count in result["outcomes"].items():
                outcomes[name] = outcomes.get(name, 0) + count
        samples.append({"requests": done, "rss_mib": rss(own.pid), "descriptors": len(os.listdir(f"/proc/{own.pid}/fd")), "cpu_s": round(cpu(own.pid), 1)})
        print(f"  {samples[-1]}", flush=True)
        if own.child.poll() is not None or time.monotonic() > deadline:
            break
    # Clients that left are waited for, two seconds each.
    end = time.monotonic() + 30
    while time.monotonic() < end and in_flight(own.port) > 0:
        time.sleep(0.5)
    report.figures["soak"] = {"outcomes": outcomes, "problems": problems[:20], "samples": samples}
    for name, count in outcomes.items():
        print(f"  {count:8} {name}")
    for problem in problems[:20]:
        print(f"  {problem}")
    report.bound("requests that were not asked", options.n // 20 * 20 - done, 0)
    report.bound("malformed streams and lost answers", len(problems), 0)
    report.bound("requests that are still in flight", in_flight(own.port), 0)
    settled = samples[len(samples) // 3]["rss_mib"]
    report.bound("memory since a third of it", round(samples[-1]["rss_mib"] - settled, 1), max(8, round(settled / 10)), " MiB")
    report.bound("descriptors since a third of it", samples[-1]["descriptors"] - samples[len(samples) // 3]["descriptors"], 64)


def in_flight(port):
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    return next(int(float(line.split()[1])) for line in text.splitlines() if line.startswith("anyclaude_proxy_requests_in_flight "))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--only", default="start,requests,body,idle")
    parser.add_argument("--without", default="")
    parser.add_argument("--scale", type=float, default=1, help="of all counts")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--venv", default=".build/litellm")
    parser.add_argument("--settings", type=json.loads, default={}, help="members of the proxy's settings, as JSON")
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("-n", type=int, default=200_000)
    parser.add_argument("--max-seconds", type=float, default=1500)
    parser.add_argument("--json")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if not os.access(f"{options.programs}/anyclaude-proxy", os.X_OK):
        sys.exit(f"bench_proxy.py: there is no anyclaude-proxy in {options.programs}")
    folder = tempfile.mkdtemp(prefix="anyclaude-bench-")
    report, bench = Report(), None
    try:
        bench = Bench(options, folder)
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        (soak if options.soak else measure)(options, bench, report)
    finally:
        if bench:
            bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(report.figures, file, indent=1)
    print("all bounds hold" if not report.failed else f"{len(report.failed)} bounds do not hold: {'; '.join(report.failed)}")
    sys.exit(1 if report.failed and (options.check or options.soak) else 0)


if __name__ == "__main__":
    main()
