#!/usr/bin/env python3
"""A mebibyte of anything: how long `anyclaude validate` takes to refuse it, as the worst of each kind's best.

    hostile.py PROGRAM [RUNS]

Exits with 1 where a text ends otherwise than with code 1 (or 0), says no code, takes more than 100 ms (wall or processor time,
whichever is less in the best of RUNS calls), or more than 64 MiB of memory.
"""
import itertools
import os
import re
import sys
import tempfile
import time

SIZE = 1 << 20
LIMIT = 0.1
GOOD = 0.08
MEMORY = 64


def fill(unit, prefix=b""):
    return (prefix + unit * (SIZE // len(unit) + 1))[:SIZE]


def texts():
    for name, unit in {
        "[": b"[", "{": b"{", "{a: ": b"{\"a\":", "quotes": b"\"", "single quotes": b"'", "NUL": b"\0", "0xFF": b"\xff", "dashes": b"- ",
        "questions": b"? ", "colons": b": ", "a: a: ": b"a: ", "tags": b"!a ", "tabs": b"\t", "spaces": b" ", "line breaks": b"\n",
        "comments": b"#\n", "values": b"- 1\n", "commas": b",", "stars": b"*a ", "ampersands": b"&a ", "bars": b"|\n", "folded": b">\n ",
        "percent": b"%A\n", "documents": b"---\n", "ends": b"...\n", "word": b"k", "words": b"k ", "backslashes": b"\\", "escapes": b"\"\\u0041",
        "digits": b"9", "C1": b"\xc2\x85", "wide": "日".encode(), "emoji": "💥".encode(), "CR": b"\r", "[a]": b"[a]", "[],": b"[],", "{},": b"{},",
        "- - ": b"- - ", "flow keys": b"{? a : b}", "@": b"@", "`": b"`", "BOM": b"\xef\xbb\xbf", "nested quotes": b"'\"", "interpolation": b"${A}",
    }.items():
        yield name, fill(unit)
        yield name + " in a value", fill(unit, b"backend: ")
        yield name + " in a list", fill(unit, b"a: [")
        yield name + " in a text", fill(unit, b"a: \"")
        yield name + " in a block", fill(b"  " + unit.strip(b"\n") + b"\n", b"a: |\n")
    yield "unknown keys", b"".join(b"k%d: 1\n" % i for i in range(80000))[:SIZE]
    yield "similar keys", b"".join(b"backend%d: 1\n" % i for i in range(60000))[:SIZE]
    yield "one key", fill(b"a: 1\n")
    yield "anchors", b"".join(b"- &a%d x\n" % i for i in range(70000))[:SIZE]
    yield "anchors, then an alias", b"".join(b"- &a%d x\n" % i for i in range(70000))[:SIZE - 8] + b"\n- *nope\n"
    yield "aliases", b"- &a x\n" + fill(b"- *a\n")[:SIZE - 7]
    names = "abcdefghij"
    yield "laughs", ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [" + ",".join([f"*{names[i]}"] * 10) + "]\n" for i, n in enumerate(names[1:]))).encode()
    yield "merges", b"a: &a {b: 1}\n" + fill(b"c: {<<: [*a, *a, *a, *a]}\n")[:SIZE - 14]
    yield "deep indentation", b"".join(b" " * i + b"a:\n" for i in range(1440))[:SIZE]
    yield "backends", b"backends:\n" + b"".join(b"  b%d: {kind: claude}\n" % i for i in range(45000))[:SIZE - 10]
    yield "same ports", b"backends:\n" + b"".join(b"  b%d: {kind: mlx, port: 9, model: ./m}\n" % i for i in range(25000))[:SIZE - 10]
    yield "routes", b"backend: claude\nroutes:\n" + fill(b"- {to: claude}\n")[:SIZE - 30]
    yield "directives, by CR", b"".join(b"%%TAG !a%d! x\r" % i for i in range(60000))[:SIZE]
    yield "names of secrets in a comment", fill(b"token=x ", b"x: 1\n# ")
    long, again = b'"' + b"a " * (128 << 10) + b'"', lambda name: b", ".join([b"*" + name] * 28)
    yield "long texts, by aliases", (b"a: &a [%s, %s, %s]\nb: &b [%s]\nc: &c [%s]\nd: [%s]\n" % (
        long, long, long, again(b"a"), again(b"b"), again(b"c")))
    yield "long secrets, by aliases", b"a: &a [%s]\nb: &b [%s]\nc: &c [%s]\ntoken: [%s]\n" % (long, again(b"a"), again(b"b"), again(b"c"))
    yield "long texts, by aliases within the limit", b"zz: 1\na: &a %s\nb: [%s]\n" % (long, b", ".join([b"*a"] * 3))
    yield "JSON objects", b"{" + b",".join(b'"k%d":{}' % i for i in range(70000))[:SIZE - 4] + b"}"
    yield "JSON strings", b'{"a":"' + b"x" * (SIZE - 10) + b'"}'


def repeated(count, unit, before="", after="", joint=""):
    """`unit` with each number from 0 on in place of %d, as often as it fits."""
    text, size = [before], len(before.encode()) + len(after.encode())
    for i in range(count):
        piece = unit.replace("%d", str(i))
        size += len(piece.encode()) + len(joint)
        if size > SIZE:
            break
        text.append(piece + joint)
    return ("".join(text).removesuffix(joint) + after).encode()


def configurations():
    """Texts in the shape of a configuration; some of them are valid."""
    many, some = 80000, 1000
    yield "environment", repeated(many, "V%d: v\n      ", "backends:\n  mlx:\n    model: ./m\n    environment:\n      ", "zz: 1\n")
    yield "environment with secrets", repeated(many, "T%d_TOKEN: sk-abcdefghij\n      ", "backends:\n  mlx:\n    model: ./m\n    environment:\n      ")
    yield "arguments", repeated(many, "--a%d, ", "backends:\n  x:\n    engine: command\n    command: [", "b]\n")
    yield "wrong arguments", repeated(many, "{}, ", "backends:\n  x:\n    engine: command\n    command: [", "b]\n")
    yield "1000 workers", repeated(some, "  b%d: {kind: mlx, engine: native, port: 1%d, model: ./m}\n", "backend: b1\nbackends:\n")
    yield "1000 workers on one port", repeated(some, "  b%d: {kind: mlx, engine: native, port: 9, model: ./m}\n", "backend: b1\nbackends:\n")
    yield "1000 full workers", repeated(
        some, "  b%d: {kind: mlx, engine: native, port: 1%d, model: ./m, contextWindow: 8192, maxQueue: 3, cache: {cache_slots: 10, maxBytes: 1GiB}, "
        "health: {startup: {http: /health, timeout: 60s}}, restart: {initial: 1s, intensity: {failures: 3}}, environment: {A: b, C: d}}\n",
        "backend: b1\nbackends:\n")
    yield "1000 workers in one line", repeated(
        some, '"b%d": {"kind": "mlx", "engine": "native", "port": 1%d, "model": "./m", "description": "' + "x" * 700 + '", "maxQueue": 3}',
        '{"backend": "b1", "backends": {', "}}", ", ")
    yield "wide workers in one line", repeated(
        some, '"b%d": {"kind": "mlx", "engine": "native", "port": 1%d, "model": "./m", "description": "' + "日" * 200 + '", "maxQueue": 3}',
        '{"backend": "b1", "backends": {', "}}", ", ")
    yield "remote backends", repeated(some, "  b%d: {kind: openrouter, model: m%d, apiKey: {env: K%d}}\n", "backend: b1\nbackends:\n")
    names = repeated(some, "  b%d: {kind: claude}\n", "backend: b1\nbackends:\n").decode()
    yield "1000 routes", repeated(some, "  - {match: {model: m%d}, to: b%d}\n", names + "routes:\n")
    yield "1000 routes to nowhere", repeated(some, "  - {match: {model: m%d}, to: c%d}\n", names + "routes:\n")
    yield "1000 routes that are not reached", repeated(some, "  - {to: b%d}\n", names + "routes:\n")
    yield "backends without a kind", repeated(some, "  b%d: {}\n", "backends:\n")
    yield "cluster", repeated(many, "        - {id: n%d, url: 'http://localhost:1'}\n",
                              "backends:\n  mlx-cluster:\n    discovery:\n      mode: static\n      nodes:\n")
    yield "cluster beside backends", repeated(20000, "        - {id: n%d, url: 'http://localhost:1'}\n", "backends:\n" + "".join(
        f"  b{i}: {{}}\n" for i in range(20000)) + "  mlx-cluster:\n    discovery:\n      nodes:\n")
    yield "unknown keys of a cluster", repeated(85000, "    k%d:\n", "backends:\n  mlx-cluster:\n    discovery: {nodes: [" + ", ".join(
        f"{{id: n{i}, url: 'http://a'}}" for i in range(1001)) + "]}\n")
    yield "includes of numbers", repeated(many, "- 1\n", "include:\n")
    yield "includes of nothing", repeated(many, "- f%d\n", "include:\n")
    yield "includes outside", repeated(many, "- ../f%d\n", "include:\n")
    yield "includes of itself", repeated(many, "- x.yaml\n", "include:\n")
    yield "allow comments", repeated(many, "# anyclaude: allow AC0703\n", "backend: claude\n")
    yield "bad allow comments", repeated(many, "# anyclaude: allow AC%d\n", "backend: claude\n")
    yield "one allow comment", repeated(300000, "AC0703 ", "backend: claude # anyclaude: allow ")
    yield "one bad allow comment", repeated(300000, "x%d ", "backend: claude # anyclaude: allow ")
    yield "comments between", repeated(many, "# anyclaude: x\n- [\"#\"]\n", "backend: claude\nzz:\n")
    yield "duplicates", repeated(many, "a%d: 1\na%d: 2\n")
    yield "duplicates of nine", repeated(many, "- {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, a: 9}\n", "zz:\n")
    yield "equal keys otherwise written", repeated(many, '"\\u00e9%d":1,"é%d":2', "{", "}", ",")
    yield "canonically equal keys", repeated(many, '"é%d":1,"é%d":2', "{", "}", ",")
    yield "unknown keys in one line", repeated(many, "k%d: 1", "{", "}", ", ")
    yield "unknown wide keys in one line", repeated(many, "日%d: 1", "{", "}", ", ")
    yield "deprecated keys", repeated(many, "port: %d\n")
    yield "missing spaces", repeated(many, "port:%d\n")
    yield "missing spaces in one line", repeated(some, "port:%d", '{' + "x: " + "y" * 200000 + ", ", "}", ", ")
    yield "secrets in one line", repeated(many, "token%d: abc", "{", "}", ", ")
    yield "a list of secrets", repeated(many, "x%d", "{token: [", "], " + ", ".join(f"k{i}: 1" for i in range(1000)) + "}", ", ")
    yield "secrets, deeply", ("{token: " + "[" * 60).encode() + repeated(many, "x%d", joint=",")[:SIZE - 200] + b"]" * 60 + b"}"
    yield "secrets, and no tree", repeated(many, "token: abcdefgh%d\n", after="]")
    yield "secrets in one line, and no tree", repeated(many, "sk-abcdefgh%d ", after="]")
    yield "yes and no", repeated(some, "  b%d: {enabled: yes, autoStartServer: off, kind: claude, port: \"1\"}\n", "backends:\n")
    yield "wrong values", repeated(some, "  b%d: {enabled: 5, model: [], port: x, kind: clyde, engine: naitve, cache: 1, health: []}\n", "backends:\n")
    yield "long values", repeated(4, "  b%d: {kind: '" + "k" * 250000 + "'}\n", "backends:\n")
    yield "long wide values", repeated(4, "  b%d: {kind: '" + "日" * 80000 + "'}\n", "backends:\n")
    yield "interpolations", repeated(4, "  b%d: {kind: mlx, model: '" + "${A}" * 60000 + "'}\n", "backends:\n")
    yield "long names", repeated(some, "  " + "n" * 1000 + "%d: {}\n", "backends:\n")
    yield "long pointers", repeated(some, "~/" * 500 + "%d: 1\n")
    yield "combining marks", repeated(4, "k%d: a" + "́" * 120000 + "\n")
    yield "a wide line", b"a: " + "日".encode() * 80000 + b"\nzz: 1\n"
    yield "merges of merges", ("a0: &a0 {k: 1}\n" + "".join(
        f"a{i}: &a{i} {{<<: [{', '.join(f'*a{j}' for j in range(max(0, i - 8), i))}], k{i}: 1}}\n" for i in range(1, 60))).encode()
    yield "one alias, many times merged", repeated(99, "m%d: {<<: *b}\n", "b: &b {" + ", ".join(f"k{i}: 1" for i in range(990)) + "}\n")
    yield "tabs", b"a:\n" + b"\t" * (SIZE - 10)
    yield "spaces before colons", repeated(200, '"a"' + " " * 5000 + ":b, ", "{", "}")
    yield "deep lists of scalars", b"a: " + b"[" * 60 + b"1," * 90000 + b"1" + b"]" * 60 + b"\n# anyclaude: allow AC0703\n"


class Run:
    """One call: seconds by the wall and by the processor, peak memory in MiB, what it wrote and its exit code."""

    def __init__(self, command, output):
        output.seek(0)
        output.truncate()
        fd = output.fileno()
        start = time.perf_counter()
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_DUP2, fd, 1), (os.POSIX_SPAWN_DUP2, fd, 2)])
        _, status, usage = os.wait4(pid, 0)
        self.wall = time.perf_counter() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024
        self.code = os.waitstatus_to_exitcode(status)
        output.seek(0)
        self.output = output.read()


class Row:
    """The best of several calls. Other work on the machine adds to the wall, never takes away: the smaller time is the program's own."""

    def __init__(self, name, runs):
        self.name = name
        self.wall = min(r.wall for r in runs)
        self.cpu = min(r.cpu for r in runs)
        self.peak = max(r.peak for r in runs)
        self.seconds = min(self.wall, self.cpu)
        self.fault = None
        # A few of the texts are configurations, and many are YAML or JSON: those are taken, the others are refused with a code.
        refused = runs[-1].code == 1 and re.search(rb"AC\d{4}", runs[-1].output)
        if runs[-1].code != 0 and not refused:
            self.fault = f"code {runs[-1].code}, {runs[-1].output[:80]!r}"

    def __str__(self):
        return f"{self.seconds * 1000:7.1f} ms  (wall {self.wall * 1000:6.1f}, cpu {self.cpu * 1000:6.1f})  {self.peak:6.1f} MiB  {self.name}"


# How a text is read and reported: as what its name says, as either syntax, in full for programs, by the syntax layer alone, and as a plan with its preflight.
CALLS = [(".yaml", ["validate", "-f"]), (".json", ["validate", "-f"]), ("", ["validate", "-f"]),
         (".yaml", ["validate", "--format", "sarif", "-f"]), ("", ["config", "dump"]),
         (".yaml", ["plan", "--offline", "--json", "-f"])]


def measure(program, runs):
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
        os.environ["ANYCLAUDE_HOME"] = os.path.join(folder, "home")
        for name, text in itertools.chain(texts(), configurations()):
            for ending, call in CALLS:
                path = os.path.join(folder, "x" + ending)
                with open(path, "wb") as file:
                    file.write(text)
                done = []
                while len(done) < runs and (not done or min(done[-1].wall, done[-1].cpu) > GOOD):
                    done.append(Run([program] + call + [path], output))
                yield Row(" ".join([name + ending] + [word for word in call if word != "-f"]), done)


def main():
    program, runs = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    rows = sorted(measure(program, runs), key=lambda row: -row.seconds)
    for row in rows[:8]:
        print(f"  {row}")
    heaviest = max(rows, key=lambda row: row.peak)
    print(f"  {len(rows)} texts of at most 1 MiB; {sum(r.seconds > LIMIT for r in rows)} above {LIMIT * 1000:.0f} ms; "
          f"most memory {heaviest.peak:.0f} MiB ({heaviest.name}), allowed {MEMORY}")
    wrong = [row for row in rows if row.fault]
    for row in wrong[:20]:
        print(f"  {row.name}: {row.fault}")
    return bool(wrong or rows[0].seconds > LIMIT or heaviest.peak > MEMORY)


if __name__ == "__main__":
    sys.exit(main())
