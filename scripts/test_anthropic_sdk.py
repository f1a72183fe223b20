#!/usr/bin/env python3
"""The anthropic SDK's own tests, from its source distribution, against an applied stack.

  test_anthropic_sdk.py PROGRAMS [-k EXPRESSION]

Its tests of messages and models are pointed at the proxy with a scripted server of OpenAI's API behind it: every parameter of the API at once, the
answers validated strictly against the SDK's types. Its tests of streams come with the bytes of the API's streams: they go through the backend `claude`,
which must pass them on unchanged. DO_NOT_APPLY says which tests are left out, and why. The packages go to .build/anthropic-sdk, once; exit code 69
where they cannot be had.
"""
import argparse
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import stack as stacks

ROOT = Path(__file__).resolve().parent.parent
INTEGRATION = ROOT / "Tests/IntegrationTests"
VERSION = re.search(r"^anthropic==(.*)$", (INTEGRATION / "requirements.txt").read_text(), re.MULTILINE)[1]
# What the tests of that version import.
PACKAGES = ["pytest", "pytest-asyncio", "pytest-xdist", "respx", "dirty-equals>=0.6.0", "inline-snapshot>=0.28.0", "http-snapshot[httpx]==0.1.9",
            f"anthropic[aiohttp]=={VERSION}"]
RESOURCES = ["tests/api_resources/test_messages.py", "tests/api_resources/beta/test_messages.py", "tests/api_resources/test_models.py",
             "tests/api_resources/beta/test_models.py"]
STREAMS = ["tests/lib/streaming/test_messages.py", "tests/lib/streaming/test_beta_messages.py"]
# What pytest's -k calls the tests: why they do not apply.
NO_MODEL = "the test asks for a model or a place in the list that a mock makes up; a backend is listed as claude-local-NAME"
NO_COUNT = "the scripted server cannot count tokens, and no count is estimated"
DO_NOT_APPLY = {
    **{f"retrieve and {kind}": NO_MODEL for kind in ("TestModels", "TestAsyncModels")},
    **{f"list_with_all_params and {kind}": NO_MODEL for kind in ("TestModels", "TestAsyncModels")},
    "count_tokens": NO_COUNT,
}


def said(*command, **more):
    run = subprocess.run(command, capture_output=True, text=True, **more)
    if run.returncode != 0:
        print(f"test-anthropic-sdk: the packages cannot be had: `{' '.join(command)}` ended with {run.returncode}:\n{run.stderr.strip()[-2000:]}",
              file=sys.stderr)
        sys.exit(69)


def environment(folder):
    """Python with the packages, and the folder of the SDK's source."""
    source = folder / f"anthropic-{VERSION}"
    mark, stamp = folder / ".packages", "\n".join(PACKAGES)
    if not (mark.exists() and mark.read_text() == stamp):
        print(f"installing anthropic {VERSION} and what its tests need into {folder}", flush=True)
        pip = [str(folder / "bin/pip"), "--disable-pip-version-check"]
        said(sys.executable, "-m", "venv", "--clear", str(folder))
        said(*pip, "install", "--quiet", *PACKAGES)
        said(*pip, "download", "--quiet", "--no-deps", "--no-binary", "anthropic", "--dest", str(folder), f"anthropic=={VERSION}")
        with tarfile.open(folder / f"{source.name}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
        mark.write_text(stamp)
    return folder / "bin/python3", source


def run(python, source, files, selection, **variables):
    """The tests of the files. Returns whether all passed."""
    choice = ["-k", " and ".join([*([f"({selection})"] if selection else []), *(f"not ({name})" for name in DO_NOT_APPLY)])]
    return subprocess.run(
        [python, "-m", "pytest", "-q", "-o", "addopts=", "--tb=short", "-p", "tests._alias_httpx", "-p", "no:respx", "-p", "fixture_upstream",
         "-p", "no:cacheprovider", *choice, *files],
        cwd=source, env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(INTEGRATION / "Python"), **variables}).returncode in (0, 5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, metavar="PROGRAMS", help="the folder of the four programs, as .build/release")
    parser.add_argument("-k", dest="selection", metavar="EXPRESSION", help="only these tests, as pytest means it")
    parser.add_argument("--venv", type=Path, default=ROOT / ".build/anthropic-sdk", metavar="FOLDER", help="where the packages are, or go (%(default)s)")
    options = parser.parse_args()
    python, source = environment(options.venv.resolve())
    port, scripted, upstream = stacks.free_ports(3)
    stack = stacks.Stack(options.programs)
    try:
        stack.write(f"""
backend: scripted
probation: 0ms
proxy: {{ port: {port}, responseCache: {{ enabled: false }} }}
backends:
  scripted:
    kind: vllm-mlx
    engine: command
    command: [{INTEGRATION}/Fakes/scripted_upstream.py, "{scripted}", {stack.folder}/record]
    port: {scripted}
    model: scripted-model
    contextWindow: 200000
    health: {{ readiness: {{ http: /health }}, liveness: none }}
""")
        stack.must("apply")
        base = f"http://127.0.0.1:{port}"
        resources = run(python, source, RESOURCES, options.selection, TEST_API_BASE_URL=base)
        stack.write(f"""
backend: claude
probation: 0ms
proxy: {{ port: {port} }}
backends:
  claude: {{ baseUrl: "http://127.0.0.1:{upstream}" }}
""")
        stack.must("apply")
        streams = run(python, source, STREAMS, options.selection, TEST_API_BASE_URL=base, ANYCLAUDE_UPSTREAM_PORT=str(upstream))
        print("\n".join(f"left out: {name}: {why}" for name, why in DO_NOT_APPLY.items()))
        sys.exit(0 if resources and streams else 1)
    except stacks.Broken as error:
        sys.exit(f"test-anthropic-sdk: {error}")
    finally:
        stack.run("down")
        stack.close()


if __name__ == "__main__":
    main()
