#!/usr/bin/env python3
"""The native runtime beside llama.cpp, on one shape, in one run: only the ratios mean anything.

  bench_runtime.py PROGRAMS [--rounds 3] [--repeats 5] [--model DIR]

Both compute the shape of Qwen3-0.6B with random weights of 4 bits, with two threads, in turns; the best of all rounds counts for each. llama.cpp
is measured by tools/peers of the folder ANYCLAUDE_SHARED, with and without flash attention, and the better of the two counts; its Python
package is compiled into .build/llama the first time (about ten minutes). Its head is Q6_K, ours 4 bits: what llama.cpp makes of Q4_0.
"""

import argparse
import json
import os
import subprocess
import sys

# name: (must, aim)
MEASURES = {
    "prefill_512": (1.2, 2.5),
    "prefill_3000": (1.5, 3),
    "decode_at_64": (1.0, 1.4),
    "decode_at_512": (1.2, 1.9),
    "decode_at_3000": (1.5, 2.4),
}
# Of our own figures: (must, aim, of the result).
OWN = {
    "two streams / one": (1.4, 1.8, lambda it: it["two_streams"]),
    "cold / follow-up": (40, 40, lambda it: it["first_token_seconds"] / it["follow_up_seconds"]),
    "cold / f. after restart": (40, 40, lambda it: it["first_token_seconds"] / it["follow_up_after_restart_seconds"]),
    "copying, with / without": (1.5, 1.5, lambda it: it["lookup"]),
}


def said(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"bench_runtime.py: {' '.join(command)} ended with {done.returncode}")
    return done.stdout


def llama(build):
    """Python with llama.cpp."""
    place = f"{build}/llama"
    if not os.path.exists(f"{place}/ready"):
        print("compiling llama.cpp (once)", file=sys.stderr)
        said([sys.executable, "-m", "venv", place])
        said([f"{place}/bin/pip", "install", "-q", "llama-cpp-python", "gguf", "numpy"], env={**os.environ, "CMAKE_ARGS": "-DGGML_NATIVE=ON"})
        open(f"{place}/ready", "w").close()
    return f"{place}/bin/python"


def gguf(python, tools, build):
    path = f"{build}/bench-0.6b-q4_0.gguf"
    if not os.path.exists(path):
        said([python, f"{tools}/make_gguf.py", f"{path}.f16"])
        said([python, f"{tools}/llama_bench.py", "--quantize", f"{path}.f16", f"{path}.new"], stderr=subprocess.DEVNULL)
        os.remove(f"{path}.f16")
        os.rename(f"{path}.new", path)
    return path


def checkpoint(python, build):
    path = f"{build}/bench-qwen3-0.6b-4bit"
    if not os.path.isdir(path):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_random_checkpoint.py")
        said([python, script, "qwen3-0.6b-4bit", path])
    return path


def best(so_far, result):
    """Of each the better: fewer seconds, more of the others."""
    return {key: (min if key.endswith("_seconds") else max)(value, so_far.get(key, value)) for key, value in result.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="the folder of the programs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", help="a checkpoint of that shape, instead of one that is made")
    options = parser.parse_args()
    shared = os.environ.get("ANYCLAUDE_SHARED")
    if not shared:
        sys.exit("bench_runtime.py: ANYCLAUDE_SHARED names no folder: llama.cpp's harness is in it")
    tools = f"{shared}/tools/peers"
    build = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ".build")
    python = llama(build)
    theirs_model = gguf(python, tools, build)
    ours_model = options.model or checkpoint(python, build)

    ours, theirs = {}, {}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        arguments = ["--threads", str(options.threads), "--repeats", str(options.repeats)]
        it = json.loads(said([f"{options.programs}/anyclaude-runtime", "bench", ours_model, *arguments], stderr=subprocess.DEVNULL))
        ours = best(ours, it)
        it = json.loads(said([python, f"{tools}/llama_bench.py", theirs_model, *arguments], stderr=subprocess.DEVNULL))["best"]
        theirs = best(theirs, it)

    print(f"{'':24} {'llama.cpp':>10} {'anyclaude':>10} {'ratio':>7}   must    aim")
    missed = 0
    for name, (must, aim) in MEASURES.items():
        ratio = ours[name] / theirs[name]
        missed += ratio < must
        print(f"{name:24} {theirs[name]:10.1f} {ours[name]:10.1f} {ratio:7.2f} {must:6.1f} {aim:6.1f}")
    ratio = theirs["restore_seconds"] / ours["restore_seconds"]
    missed += ratio < 1
    print(f"{'restore 3000 (seconds)':24} {theirs['restore_seconds']:10.3f} {ours['restore_seconds']:10.3f} {ratio:7.2f} {1:6.1f} {2:6.1f}")
    for name, (must, aim, ratio) in OWN.items():
        ratio = ratio(ours)
        missed += ratio < must
        print(f"{name:24} {'':10} {'':10} {ratio:7.2f} {must:6.1f} {aim:6.1f}")
    # Neither has a target of its own: saving is to cost nothing, and a second stream waits for one chunk.
    saving = ours["first_token_seconds"] / ours["first_token_without_store_seconds"]
    print(f"{'saving: with / without':24} {'':10} {'':10} {saving:7.2f} {1:6.1f} {1:6.1f}")
    second = ours["second_stream_first_token_seconds"] / ours["one_chunk_seconds"]
    print(f"{'second stream / chunk':24} {'':10} {'':10} {second:7.2f} {1:6.1f}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
