#!/usr/bin/env python3
"""Times two commands in turn, A B A B …, and prints minimum and median of each and the ratio A/B.

    time_pair.py RUNS 'COMMAND A' 'COMMAND B'

Alternating keeps the comparison fair on a machine whose speed drifts. Both must end with 0.
"""
import os
import shlex
import statistics
import sys
import time


def once(command):
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"time_pair: `{shlex.join(command)}` ended with {os.waitstatus_to_exitcode(status)}")
    return seconds * 1000


def main():
    runs, a, b = int(sys.argv[1]), shlex.split(sys.argv[2]), shlex.split(sys.argv[3])
    for command in (a, b, a, b):
        once(command)
    pairs = [(once(a), once(b)) for _ in range(runs)]
    for name, column in ((sys.argv[2], 0), (sys.argv[3], 1)):
        times = [pair[column] for pair in pairs]
        print(f"  {name:60}  min {min(times):7.2f} ms   median {statistics.median(times):7.2f} ms")
    print(f"  ratio of minima {min(p[0] for p in pairs) / min(p[1] for p in pairs):.2f}, of medians "
          f"{statistics.median(p[0] for p in pairs) / statistics.median(p[1] for p in pairs):.2f}  ({runs} pairs)")


if __name__ == "__main__":
    main()
