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
TWO_STREAMS = (1.4, 1.8)


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
        ours = {key: max(value, ours.get(key, 0)) for key, value in it.items()}
        it = json.loads(said([python, f"{tools}/llama_bench.py", theirs_model, *arguments], stderr=subprocess.DEVNULL))["best"]
        theirs = {key: max(value, theirs.get(key, 0)) for key, value in it.items()}

    print(f"{'tokens a second':18} {'llama.cpp':>10} {'anyclaude':>10} {'ratio':>7}   must    aim")
    missed = 0
    for name, (must, aim) in MEASURES.items():
        ratio = ours[name] / theirs[name]
        missed += ratio < must
        print(f"{name:18} {theirs[name]:10.1f} {ours[name]:10.1f} {ratio:7.2f} {must:6.1f} {aim:6.1f}")
    missed += ours["two_streams"] < TWO_STREAMS[0]
    print(f"{'two streams / one':18} {'':10} {ours['two_streams']:10.2f} {ours['two_streams']:7.2f} {TWO_STREAMS[0]:6.1f} {TWO_STREAMS[1]:6.1f}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
