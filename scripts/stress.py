#!/usr/bin/env python3
"""A supervisor under what goes wrong at once: many services, storms of kills, processes that do not want to end, machines that have run out.

  stress.py PROGRAMS [--only NAME,...] [--services 50] [--kills 100] [--replacements 20] [--streams 50]

Ends with 0 where everything held; what cannot be tried here is skipped with its reason. Only processes of its own stacks are touched.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from stack import Broken, Stack, configuration, free_ports, is_alive, read, wait

EAGER = {"restart": "{ initial: 0s, max: 100ms, resetAfter: 100ms, intensity: { failures: 1000, within: 1s } }"}


class Skipped(Exception):
    """Why this cannot be tried here."""


def sleepers(count, more=EAGER):
    return {f"w{number}": (["/bin/sleep", "100000"], more) for number in range(count)}


def shell(script, **more):
    return ["/bin/sh", "-c", script], {**EAGER, **more}


def workers(status):
    return {service["name"]: service["pid"] for service in status["services"] if service["name"] != "proxy"}


def replaced(stack, old):
    """The status once every one of `old` has a successor that is ready."""

    def look():
        status = stack.is_settled()
        return status if status and all(workers(status)[name] != pid for name, pid in old.items()) else None

    return wait("successors of all that were killed", look, 60, stack.log)


def exactly(stack, count):
    """Each service once and nothing else; the proxy is one more."""

    # In the middle of an execve a process has no environment, and is not found by it.
    def look():
        runs = sorted(stack.runs())
        return len(runs) == count + 1 and len({run.rpartition(".")[0] for run in runs}) == len(runs)

    wait("each service once and nothing else", look, 10, lambda: f"there run {sorted(stack.runs())}")


def zombies(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = read(f"/proc/{name}/stat").rpartition(b")")[2].split()
            if fields and fields[0] == b"Z" and int(fields[1]) == pid:
                found.append(int(name))
    return found


# the trials


def storm(stack, options):
    """All services are killed at once, again and again; then the supervisor with half of them."""
    count = options.services
    stack.write(configuration(sleepers(count)))
    start = time.monotonic()
    stack.supervise()
    status = stack.settle(60)
    lines = [f"{count} started within {(time.monotonic() - start) * 1000:.0f} ms"]
    times = []
    for _ in range(5):
        time.sleep(0.2)
        old = workers(stack.settle())
        start = time.monotonic()
        for pid in old.values():
            os.kill(pid, signal.SIGKILL)
        status = replaced(stack, old)
        times.append((time.monotonic() - start) * 1000)
        exactly(stack, count)
    lines.append(f"all killed, all back: {statistics.median(times):.0f} ms (of 5, up to {max(times):.0f})")
    wait("no zombie", lambda: not zombies(status["pid"]))
    old = workers(status)
    half = dict(list(old.items())[: count // 2])
    os.kill(status["pid"], signal.SIGSTOP)
    for pid in half.values():
        os.kill(pid, signal.SIGKILL)
    stack.kill_supervisor()
    stack.supervise()
    status = replaced(stack, half)
    kept = {name: pid for name, pid in old.items() if name not in half}
    if any(workers(status)[name] != pid for name, pid in kept.items()):
        raise Broken("a service that lived was not adopted")
    exactly(stack, count)
    lines.append(f"the supervisor and {len(half)} of them killed at once: the others adopted, those back")
    start = time.monotonic()
    stack.must("down")
    lines.append(f"stopped within {(time.monotonic() - start) * 1000:.0f} ms")
    return lines


def deaf(stack, options):
    """SIGTERM is ignored, by processes and by what they started; each is ended at its time, and all at once."""
    script = "trap '' TERM; sleep 100000 & while :; do wait; done"
    stack.write(configuration({f"w{number}": shell(script, stop="{ timeout: 1s }") for number in range(10)}))
    stack.supervise()
    stack.settle()
    # Until each has its trap: only then does it ignore anything.
    wait("ten that sleep", lambda: sum(name != "proxy" for _, name, _, _ in stack.processes()) == 20)
    start = time.monotonic()
    stack.must("down")
    took = time.monotonic() - start
    if took < 1 or took > 5:
        raise Broken(f"ten with a time-out of 1 s were stopped after {took:.1f} s")
    if stack.processes():
        raise Broken(f"there are left {stack.processes()}")
    return [f"10 that ignore SIGTERM, with a time-out of 1 s: gone after {took:.2f} s"]


def leavers(stack, options):
    """What leaves its group, its session and its parent goes with its service; what leaves its environment too, with the supervisor."""
    mark = f"99{os.getpid():07d}"
    script = (
        f"sleep {mark}1 & setsid sleep {mark}2 & (setsid sh -c '(sleep {mark}3 & setsid sleep {mark}4 & sleep {mark}5)' &) ; "
        f"env -i setsid sleep {mark}6 & for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do (setsid sleep {mark}7 &); done; "
        f"exec sleep {mark}0"
    )
    stack.write(configuration({"leaver": shell(script, stop="{ timeout: 1s }"), "other": (["/bin/sleep", "100000"], EAGER)}))

    def left():
        pids = []
        for name in os.listdir("/proc"):
            if name.isdigit() and read(f"/proc/{name}/cmdline").startswith(b"sleep\0" + mark.encode()) and is_alive(name):
                pids.append(int(name))
        return set(pids)

    everything = 27
    stack.supervise()
    status = stack.settle()
    try:
        first = wait("all that it starts", lambda: len(left()) == everything and left(), detail=lambda: len(left()))
        other = workers(status)["other"]
        os.kill(workers(status)["leaver"], signal.SIGKILL)
        wait("all that the next one starts", lambda: len(left() - first) == everything, detail=lambda: (len(left()), stack.log()))
        nameless = [pid for pid in left() & first if read(f"/proc/{pid}/cmdline").split(b"\0")[1].decode() == f"{mark}6"]
        if left() & first - set(nameless):
            raise Broken(f"of the first run there are left {[read(f'/proc/{pid}/cmdline') for pid in left() & first]}")
        if workers(stack.settle())["other"] != other:
            raise Broken("another service was touched")
        stack.must("down")
        if left():
            raise Broken(f"after `down` there are left {[read(f'/proc/{pid}/cmdline') for pid in left()]}")
    finally:
        for pid in left():
            os.kill(pid, signal.SIGKILL)
    return [f"{everything - 1} processes that left a service's group, session or environment: gone with it, at the latest at `down`"]


def full(stack, options):
    """The disk is full: what runs goes on, an apply is refused or undone with its reason, and works when there is room again."""
    if os.geteuid() != 0:
        raise Skipped("a file system of its own takes root")
    os.makedirs(stack.home)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", stack.home], capture_output=True, text=True)
    if mounted.returncode != 0:
        raise Skipped(f"no tmpfs can be mounted: {mounted.stderr.strip()}")
    try:
        ports = free_ports(3)
        talker = "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.02; done"
        services = {"talker": shell(talker), "quiet": (["/bin/sleep", "100000"], EAGER)}
        # The proxy's cache may grow to more than there is: preflight would refuse that, and rightly.
        head = "probation: 0ms"
        text = configuration(services, ports, head).replace("proxy: { port:", "proxy: { responseCache: { enabled: false }, port:")
        stack.write(text)
        stack.must("apply")
        before = stack.settle()
        ballast = f"{stack.home}/ballast"
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            while True:
                os.write(file, b"x" * 4096)
        except OSError:
            pass
        finally:
            os.close(file)
        log = f"{stack.home}/logs/talker.log"
        wait("a log that does not grow", lambda: "No space left" in stack.log(), 30, stack.log)
        # What is killed comes back although its record cannot be written.
        old = {"quiet": workers(before)["quiet"]}
        os.kill(old["quiet"], signal.SIGKILL)
        replaced(stack, old)
        stack.write(text.replace("100000", "100001"))
        status, output = stack.run("apply")
        if status == 0:
            raise Broken(f"an apply on a full disk said that it is done: {output}")
        if "No space left" not in output:
            raise Broken(f"an apply on a full disk does not say why it failed: {output}")
        if stack.current()["number"] != 1:
            raise Broken("an apply that failed is current")
        stack.settle()
        exactly(stack, 2)
        os.unlink(ballast)
        stack.must("apply")
        stack.settle()
        exactly(stack, 2)
        if stack.current() is None or stack.current()["number"] == 1:
            raise Broken("with room again, the apply is not current")
        wait("a log that grows again", lambda: read(log).endswith(b"\n") and b"line" in read(log)[-200:])
        numbers = [int(number) for number in re.findall(rb"^line (\d+)$", read(log), re.M)]
        # The talker ran through all of it: nothing of its output is missing.
        if numbers != list(range(1, len(numbers) + 1)):
            missing = next(n for n, number in enumerate(numbers, 1) if number != n)
            raise Broken(f"the log of a service that waited is not whole: line {missing} is {numbers[missing - 1]}")
        stack.must("down")
        return [f"a full disk: services go on, an apply says so (exit code {status}) and is undone; with room again all {len(numbers)} lines are there"]
    finally:
        try:
            stack.kill_supervisor()
            stack.sweep()
        finally:
            subprocess.run(["umount", "-l", stack.home], check=True)


def descriptors(stack, options):
    """There are no descriptors left: what runs goes on, what cannot start is tried again, and all is well when there are some again."""
    count = 20
    stack.write(configuration(sleepers(count)))
    stack.supervise()
    status = stack.settle()
    pid = status["pid"]

    def limit(number):
        # The soft one alone: to raise the hard one again is a privilege.
        subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={number}:"], check=True)

    def ticks():
        return sum(int(field) for field in read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[11:13])

    before = workers(status)
    old = dict(list(before.items())[: count // 2])
    # Not one that is free has a number below this.
    limit(3)
    for one in old.values():
        os.kill(one, signal.SIGKILL)
    wait("starts that fail", lambda: "Too many open files" in stack.log(), 30, stack.log)
    # Clients that come now must not break it either.
    clients = [stack.start("status") for _ in range(5)]
    start = ticks()
    time.sleep(3)
    busy = (ticks() - start) / os.sysconf("SC_CLK_TCK") / 3
    if not is_alive(pid):
        raise Broken("without descriptors the supervisor ended")
    lived = {name: one for name, one in before.items() if name not in old}
    if not all(is_alive(one) for one in lived.values()):
        raise Broken("without descriptors services that ran were ended")
    limit(1024)
    for client in clients:
        client.communicate(timeout=60)
    status = replaced(stack, old)
    if any(workers(status)[name] != one for name, one in lived.items()):
        raise Broken("services that ran were restarted")
    exactly(stack, count)
    if busy > 0.5:
        raise Broken(f"without descriptors the supervisor took {busy * 100:.0f} % of a processor")
    stack.must("down")
    return [f"no descriptors: {len(lived)} services go on, {len(old)} are tried again ({busy * 100:.0f} % of a processor) and start when there are some"]


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
// The wall clock of one process, moved by the seconds that a file holds.
static volatile long *offset;
__attribute__((constructor)) static void begin(void) {
    const int file = open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
    offset = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    close(file);
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == 0) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const int result = real(clock, time);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += *offset;
    return result;
}
time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to != 0) *to = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    to->tv_sec = now.tv_sec;
    to->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


def clock(stack, options):
    """The wall clock jumps by years: nothing is restarted, nothing waits longer or shorter."""
    if shutil.which("cc") is None:
        raise Skipped("the wall clock of one process is moved by a library, which takes a C compiler")
    with open(f"{stack.folder}/shim.c", "w") as file:
        file.write(SHIM)
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", f"{stack.folder}/shim.so", f"{stack.folder}/shim.c", "-ldl"], check=True)
    offset = f"{stack.folder}/offset"

    def jump(seconds):
        # In place, for those who have it mapped.
        with open(offset, "r+b" if os.path.exists(offset) else "wb") as file:
            file.write(int(seconds).to_bytes(8, sys.byteorder, signed=True))

    jump(0)
    year = 365 * 86400
    probed = {"health": "{ startup: none, readiness: { exec: [/bin/true], period: 200ms }, liveness: { exec: [/bin/true], period: 200ms } }"}
    deaf = shell("trap '' TERM; while :; do sleep 100000; done", stop="{ timeout: 2s }")
    stack.write(configuration({"probed": (["/bin/sleep", "100000"], {**EAGER, **probed}), "deaf": deaf, **sleepers(3)}))
    stack.supervise(LD_PRELOAD=f"{stack.folder}/shim.so", CLOCK_OFFSET=offset)
    status = stack.settle()
    before = workers(status)
    for seconds in (year, -2 * year, 5, -5, 0):
        jump(seconds)
        # Ten periods of the probes.
        time.sleep(2)
        now = stack.settle()
        if workers(now) != before:
            raise Broken(f"after a jump of {seconds} s services were restarted: {before}, {workers(now)}")
        old = {"w0": before["w0"]}
        start = time.monotonic()
        os.kill(old["w0"], signal.SIGKILL)
        before = workers(replaced(stack, old))
        if time.monotonic() - start > 5:
            raise Broken(f"after a jump of {seconds} s a restart took {time.monotonic() - start:.1f} s")
    stopping = stack.start("down")
    wait("the end of what ends at once", lambda: "deaf: stopping" in stack.log())
    start = time.monotonic()
    jump(year)
    stopping.communicate(timeout=60)
    took = time.monotonic() - start
    if not 1.5 < took < 6:
        raise Broken(f"the clock jumped in a stop with a time-out of 2 s, and it took {took:.1f} s")
    years = {line[:4] for line in read(f"{stack.folder}/supervise.log").decode().splitlines() if line[:2] == "20"}
    if len(years) < 2:
        raise Broken(f"the log knows no jump: the clock was not moved ({years})")
    stack.bury()
    return [f"jumps of the wall clock (the log has the years {', '.join(sorted(years))}): no restart, no wait but its own"]


def deaths(stack, options):
    """The supervisor is killed under load: no worker is lost, no line of output."""
    talkers = 5
    # A line each few milliseconds, from a process that never waits for its reader.
    script = "n=0; while :; do n=$((n+1)); echo line $n of a worker that talks; sleep 0.005; done"
    logs = {"logs": "{ maxBytes: 1GiB }"}
    stack.write(configuration({**{f"talker{number}": shell(script, **logs) for number in range(talkers)}, **sleepers(options.services - talkers)}))
    stack.supervise()
    before = workers(stack.settle(60))
    times = []
    for _ in range(options.kills):
        pid = stack.supervisor()
        start = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        stack.bury()
        stack.supervise()
        status = stack.settle()
        times.append(time.monotonic() - start)
        if workers(status) != before:
            raise Broken(f"workers were lost: {before}, {workers(status)}")
    exactly(stack, options.services)
    stack.must("down")
    stack.bury()
    lines = 0
    for number in range(talkers):
        log = read(f"{stack.home}/logs/talker{number}.log")
        numbers = [int(found) for found in re.findall(rb"^line (\d+) of a worker that talks$", log, re.M)]
        if numbers != list(range(1, len(numbers) + 1)):
            at = next(n for n, found in enumerate(numbers, 1) if found != n)
            raise Broken(f"talker{number}: after line {at - 1} comes line {numbers[at - 1]}")
        lines += len(numbers)
    text = f"{options.kills} deaths of the supervisor with {options.services} services: back after {statistics.median(times) * 1000:.0f} ms, at most "
    text += f"{max(times) * 1000:.0f}; no worker lost; all {lines} lines of output there"
    if max(times) > 1:
        text += "  (MORE THAN A SECOND)"
    return [text]


async def stream(port, number, until, failures):
    """Streams one after the other, each by a connection of its own; counts the whole ones."""
    whole = 0
    body = json.dumps({
        "model": "lab", "max_tokens": 256, "stream": True, "messages": [{"role": "user", "content": f"Say hello to number {number}."}],
    }).encode()
    request = (
        f"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\n"
        f"x-anyclaude-cache: bypass\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body
    while not until.is_set():
        answer = b""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answer = await asyncio.wait_for(reader.read(-1), 60)
            writer.close()
        except (OSError, asyncio.TimeoutError) as error:
            failures.append(f"{type(error).__name__}: {error}")
            continue
        if not answer.startswith(b"HTTP/1.1 200"):
            failures.append(answer[:300].decode(errors="replace"))
        elif b"message_stop" not in answer or not answer.endswith(b"0\r\n\r\n") or b"event: error" in answer:
            failures.append(f"a broken stream: {answer[-300:].decode(errors='replace')}")
        else:
            whole += 1
    return whole


async def stream_all(port, count, body):
    until = asyncio.Event()
    failures = []
    tasks = [asyncio.create_task(stream(port, number, until, failures)) for number in range(count)]
    try:
        await asyncio.get_running_loop().run_in_executor(None, body)
    finally:
        until.set()
        whole = sum(await asyncio.gather(*tasks))
    return whole, failures


def streams(stack, options):
    """The proxy is replaced under streams: none breaks, none is refused."""
    shared = os.environ.get("ANYCLAUDE_SHARED")
    mock = f"{shared}/tools/load/mock_openai.py"
    if shared is None or not os.path.exists(mock):
        raise Skipped("the upstream that streams is in the folder that ANYCLAUDE_SHARED names")
    ports = free_ports(2)
    # A stream takes about a second: longer than a replacement.
    command = [sys.executable, mock, "--port", str(ports[1]), "--deltas", "50", "--delay-ms", "20", "--max-seconds", "600"]
    health = {"health": "{ startup: { http: /health, timeout: 30s }, readiness: none, liveness: none }"}
    text = configuration({"lab": (command, health)}, ports)
    stack.write(text)
    stack.supervise()
    status = stack.settle()
    proxies = {next(service["pid"] for service in status["services"] if service["name"] == "proxy")}
    times = []

    def replace():
        for number in range(options.replacements):
            stack.write(text.replace("routes:\n", f"routes:\n  - {{ match: {{ model: replaced-{number} }}, to: lab }}\n"))
            start = time.monotonic()
            stack.must("apply")
            times.append(time.monotonic() - start)
            proxies.add(next(service["pid"] for service in stack.settle()["services"] if service["name"] == "proxy"))

    whole, failures = asyncio.run(stream_all(ports[0], options.streams, replace))
    if len(proxies) != options.replacements + 1:
        raise Broken(f"{options.replacements} applies made {len(proxies) - 1} new proxies")
    if failures:
        raise Broken(f"{len(failures)} of {whole + len(failures)} requests failed: {failures[:3]}")
    stack.must("down")
    return [
        f"{options.replacements} replacements of the proxy under {options.streams} streams (each apply {statistics.median(times) * 1000:.0f} ms): "
        f"{whole} streams, 0 broken, 0 requests refused"
    ]


TRIALS = [storm, deaf, leavers, full, descriptors, clock, deaths, streams]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--only", default=",".join(trial.__name__ for trial in TRIALS))
    parser.add_argument("--services", type=int, default=50)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--replacements", type=int, default=20)
    parser.add_argument("--streams", type=int, default=50)
    options = parser.parse_args()
    chosen = options.only.split(",")
    broken = 0
    for trial in TRIALS:
        if trial.__name__ not in chosen:
            continue
        stack = Stack(options.programs)
        try:
            for line in trial(stack, options):
                print(f"  {trial.__name__}: {line}", flush=True)
        except Skipped as reason:
            print(f"  {trial.__name__}: skipped: {reason}", flush=True)
        except Broken as error:
            broken += 1
            print(f"  {trial.__name__}: BROKEN: {error}\n{stack.log()}", flush=True)
        finally:
            stack.close()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
