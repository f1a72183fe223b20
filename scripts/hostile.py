#!/usr/bin/env python3
"""A mebibyte of anything: how long `anyclaude validate` takes to refuse it, as the worst of each kind's best.

    hostile.py PROGRAM [RUNS]

Exits with 1 where a text is taken, ends otherwise than with code 1, says no code, or takes more than 100 ms.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

SIZE = 1 << 20


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
    yield "JSON objects", b"{" + b",".join(b'"k%d":{}' % i for i in range(70000))[:SIZE - 4] + b"}"
    yield "JSON strings", b'{"a":"' + b"x" * (SIZE - 10) + b'"}'


def main():
    program, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    rows, wrong = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts():
            for ending in (".yaml", ".json", ""):
                path = os.path.join(folder, "x" + ending)
                with open(path, "wb") as file:
                    file.write(text)
                times = []
                for _ in range(runs):
                    start = time.perf_counter()
                    done = subprocess.run([program, "validate", "-f", path], capture_output=True)
                    times.append(time.perf_counter() - start)
                    if times[-1] < 0.08:
                        break
                rows.append((min(times), name + ending))
                if done.returncode != 1 or not re.search(rb"AC\d{4}", done.stdout + done.stderr):
                    wrong.append(f"{name}{ending}: code {done.returncode}, {(done.stdout + done.stderr)[:80]!r}")
    rows.sort(reverse=True)
    for seconds, name in rows[:5]:
        print(f"  {seconds * 1000:7.1f} ms  {name}")
    print(f"  {len(rows)} texts of at most 1 MiB, {sum(r[0] > 0.1 for r in rows)} above 100 ms")
    for line in wrong[:10]:
        print(f"  {line}")
    return bool(wrong or rows[0][0] > 0.1)


if __name__ == "__main__":
    sys.exit(main())
