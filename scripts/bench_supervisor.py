#!/usr/bin/env python3
"""The supervisor beside others, in one run on one machine: only the ratios mean anything elsewhere.

  bench_supervisor.py run PROGRAMS [--against runit,s6,supervisord,systemd] [-n 50]
  bench_supervisor.py generate DIRECTORY N CHILD SOCKET FLAGS      # for bench.py: a configuration with N services

`run` drives tools/supervisor-bench/bench.py of the folder ANYCLAUDE_SHARED, with the others from Debian's packages, unpacked into
.build/bench-tools and never installed. What bench.py cannot tell of a supervisor that also keeps a proxy, its own memory and its own
wake-ups, is measured here.
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

from stack import Broken, Stack, configuration, free_ports, read

PACKAGES = {
    "runit": ["runit"],
    "s6": ["s6", "libs6-2.11", "libskarnet2.13", "libexecline2.9", "execline"],
    "supervisord": ["supervisor"],
    "systemd": [],
}

RESTART = "{ initial: 0s, max: 1s, resetAfter: 1s, intensity: { failures: 1000, within: 1s } }"


def generate(options):
    flags = options.flags.split()
    text = configuration({
        f"w{number}": ([options.child, str(number), options.socket, *flags], {"restart": RESTART, "stop": "{ timeout: 5s }"})
        for number in range(options.n)
    })
    with open(f"{options.directory}/.anyclauderc.yaml", "w") as file:
        file.write(text)


def unpack(names, place):
    """The tools that there are."""
    there = []
    for name in names:
        folder = f"{place}/{name}"
        if not os.path.isdir(folder):
            os.makedirs(f"{folder}.new", exist_ok=True)
            done = subprocess.run(["apt-get", "download", "-qq", *PACKAGES[name]], cwd=f"{folder}.new", capture_output=True, text=True) if PACKAGES[name] else None
            if done is not None and done.returncode != 0:
                print(f"  {name}: skipped, its packages cannot be had: {done.stderr.strip().splitlines()[-1:]}")
                continue
            for package in os.listdir(f"{folder}.new"):
                if package.endswith(".deb"):
                    subprocess.run(["dpkg", "-x", package, "."], cwd=f"{folder}.new", check=True)
            os.rename(f"{folder}.new", folder)
        there.append(name)
    return there


def drive(name, folder, tools, shared, arguments, more=()):
    """One run of bench.py; its figures, or nothing with the reason said."""
    environment = dict(os.environ, BENCH_TOOLS=f"{tools}/{name}", BENCH_BOOT=f"{shared}/tools/systemd/boot-systemd.sh")
    nice = ["nice", "-n", "-15"] if os.geteuid() == 0 else []
    command = [*nice, sys.executable, f"{folder}/bench.py", name, "--out", f"{folder}/runs", *arguments, *more]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if run.returncode != 0:
        print(f"  {name}: no figures: {run.stderr.strip().splitlines()[-1:]}")
        return None
    return json.loads(run.stdout.splitlines()[-1])


def threads(pid):
    """Voluntary context switches of all threads: each ends a sleep."""
    count = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        found = re.search(rb"^voluntary_ctxt_switches:\s+(\d+)", read(f"/proc/{pid}/task/{thread}/status"), re.M)
        count += int(found.group(1)) if found else 0
    return count


def pss(pid):
    found = re.search(rb"^Pss:\s+(\d+)", read(f"/proc/{pid}/smaps_rollup"), re.M)
    return int(found.group(1)) / 1024 if found else float("nan")


ANSWERING = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n")
"""


def asked(count):
    """Services that are asked over HTTP each second, and their ports."""
    ports = free_ports(count + 1)
    health = {"health": "{ startup: none, readiness: { http: /, period: 1s }, liveness: none }"}
    return {f"w{number}": ([sys.executable, "-S", "-E", "-c", ANSWERING, str(port)], health) for number, port in enumerate(ports[1:])}, ports


def alone(programs, count, seconds):
    """The supervisor's own memory and wake-ups, with and without probes."""
    result = {}
    probed = {"health": '{ startup: none, readiness: { exec: ["/bin/true"], period: 1s }, liveness: none }'}
    for label, (services, ports) in (
        ("quiet", ({f"w{number}": (["/bin/sleep", "100000"], {}) for number in range(count)}, None)),
        ("probed", ({"w0": (["/bin/sleep", "100000"], probed)}, None)),
        ("one_asked", asked(1)),
        ("all_asked", asked(count)),
    ):
        stack = Stack(programs)
        try:
            stack.write(configuration(services, ports))
            stack.supervise()
            pid = stack.settle()["pid"]
            # What the start itself leaves to do: the allocator's and the servers' own threads.
            time.sleep(2)
            before = threads(pid)
            time.sleep(seconds)
            result[f"{label}_wakeups_per_s"] = round((threads(pid) - before) / seconds, 2)
            result[f"{label}_pss_mib"] = round(pss(pid), 1)
            result[f"{label}_threads"] = len(os.listdir(f"/proc/{pid}/task"))
            stack.must("down")
            stack.bury()
        except Broken as error:
            raise Broken(f"{error}\n{stack.log()}")
        finally:
            stack.close()
    return result


ROWS = [
    ("start of all, ms", lambda r: r["start_all_ms"]),
    ("SIGKILL -> running again, p50 ms", lambda r: r["restart_ms"]["p50"]),
    ("SIGKILL -> running again, max ms", lambda r: r["restart_ms"]["max"]),
    ("the same one killed six times, ms", lambda r: r["rekill_ms"]),
    ("all killed -> all back, ms", lambda r: r["storm"]["all_ms"]),
    ("of them back", lambda r: r["storm"]["back"]),
    ("stop of all, ms", lambda r: r["stop_all_ms"]),
    ("SIGTERM ignored: killed after s", lambda r: r["ignore_SIGTERM_killed_after_s"]),
    ("zombies", lambda r: r["zombies"]),
    ("grandchild lives after crash / stop", lambda r: (r["grandchild_alive_after_child_SIGKILL"], r["grandchild_alive_after_stop"])),
    ("alive after the supervisor's SIGKILL", lambda r: r["after_supervisor_SIGKILL"] if isinstance(r["after_supervisor_SIGKILL"], str) else r["after_supervisor_SIGKILL"]["children_alive"]),
    ("load of the machine", lambda r: round(r["loadavg"], 1)),
]


def run(options):
    shared = os.environ.get("ANYCLAUDE_SHARED")
    harness = f"{shared}/tools/supervisor-bench"
    if shared is None or not os.path.exists(f"{harness}/bench.py"):
        print("skipped: bench.py is in the folder that ANYCLAUDE_SHARED names")
        return 0
    programs = os.path.abspath(options.programs)
    tools = os.path.abspath(".build/bench-tools")
    folder = tempfile.mkdtemp(prefix="acb-", dir="/tmp")
    try:
        for name in ("bench.py", "child.c"):
            shutil.copy(f"{harness}/{name}", folder)
        subprocess.run(["cc", "-O2", "-o", "benchchild", "child.c"], cwd=folder, check=True)
        os.makedirs(f"{folder}/runs")
        os.makedirs(tools, exist_ok=True)
        here = os.path.abspath(__file__)
        own = [
            "--gen", f"{sys.executable} {here} generate {{dir}} {{n}} {{child}} {{sock}} \"{{flags}}\"",
            "--start", f"env -C {{dir}} ANYCLAUDE_HOME={{dir}}/h HOME={{dir}} PATH={programs}:/usr/bin:/bin anyclaude supervise",
        ]
        arguments = ["-n", str(options.n), "--cap", "13", "--idle", "3", "--kills", "15"]
        figures = {}
        for name in unpack([name for name in options.against.split(",") if name], tools):
            figures[name] = drive(name, folder, tools, shared, arguments)
        figures["anyclaude"] = drive("cmd", folder, tools, shared, arguments, own)
        figures = {name: result for name, result in figures.items() if result}
        print(f"{options.n} services; " + ", ".join(figures))
        for title, value in ROWS:
            print(f"  {title:38}" + "".join(f" {str(value(result)):>24}" for result in figures.values()))
        mine = alone(programs, options.n, options.idle)
        print(f"the supervisor alone, with {options.n} services: PSS {mine['quiet_pss_mib']} MiB, {mine['quiet_threads']} threads, "
              f"{mine['quiet_wakeups_per_s']} waits ended per second (the proxy has two probes, each 5 s); "
              f"with a command as a probe each second {mine['probed_wakeups_per_s']}; with one service asked over HTTP each second "
              f"{mine['one_asked_wakeups_per_s']}, with {options.n} {mine['all_asked_wakeups_per_s']}")
        return 0
    except (Broken, subprocess.TimeoutExpired) as error:
        print(f"BROKEN: {error}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("generate")
    making.add_argument("directory")
    making.add_argument("n", type=int)
    for name in ("child", "socket", "flags"):
        making.add_argument(name)
    making.set_defaults(run=generate)
    running = commands.add_parser("run")
    running.add_argument("programs")
    running.add_argument("--against", default="runit,s6,supervisord,systemd")
    running.add_argument("-n", type=int, default=50)
    running.add_argument("--idle", type=float, default=10)
    running.set_defaults(run=run)
    options = parser.parse_args()
    return options.run(options) or 0


if __name__ == "__main__":
    sys.exit(main())
