#!/usr/bin/env python3
"""make bench-translation: CPU time from the bytes of a client's body to those of its server's, per dialect, cold and with layer 1 warm.

The body has the shape and size of the client's (31 KB of tools, 7 KB of system prompt, a conversation up to 70 KB), in words of our own.
Exit code 1 where a cold body takes 1 ms or more, or a warm one 0.2 ms."""
import json
import os
import subprocess
import sys
import tempfile

LIMIT_COLD, LIMIT_WARM = 1000.0, 200.0


def tool(name, size):
    text = "".join(f'{n}. Of {name}: do this with care where "quotes", line\nbreaks and paths as /var/{n} occur.\n' for n in range(size // 75))
    return {
        "name": name, "description": text,
        "input_schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "properties": {f"member_{n}": {"type": "string", "description": f"The {n}th of what {name} is told.", "pattern": "^/"} for n in range(6)},
            "required": ["member_0"], "additionalProperties": False,
        },
    }


def body(total):
    rules = "\n".join(f"Rule {n}: say what was done, and nothing that was not." for n in range(130))
    request = {
        "model": "qwen3-coder-local",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Run the tests"}]},
            {"role": "system", "content": "Environment: Linux.\n" + "A tool named in this list can be searched for. " * 190},
        ],
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.329.a1b; cc_entrypoint=sdk-cli;"},
            {"type": "text", "text": "You are a helper at the command line.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": rules, "cache_control": {"type": "ephemeral"}},
        ],
        "tools": [tool(f"Tool{n:02}", 1800) for n in range(12)],
        "metadata": {"user_id": json.dumps({"device_id": "d", "session_id": "s"})}, "max_tokens": 32000,
        "thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "high"}, "stream": True,
    }
    step = 0
    while len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()) < total:
        step += 1
        request["messages"] += [
            {"role": "assistant", "content": [
                {"type": "text", "text": f"Step {step}."},
                {"type": "tool_use", "id": f"toolu_{step}", "name": "Tool01", "input": {"command": f"make test-{step}", "timeout": 120}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{step}", "content": f"line {step} of the output says that all is well: \"ok\"\n" * 14}]},
        ]
    request["messages"][-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return json.dumps(request, ensure_ascii=False, separators=(",", ":"))


def main():
    program = os.path.join(sys.argv[1], "anyclaude-proxy")
    failed = False
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(body(70_000))
        file.flush()
        print(f"{'dialect':<14}{'body':>8}{'sent':>8}{'cold':>12}{'warm':>12}")
        for dialect in ["native", "generic", "vllm", "llama-server", "openrouter"]:
            run = subprocess.run([program, "measure-translation", file.name, "--dialect", dialect], check=True, capture_output=True, text=True)
            row = json.loads(run.stdout)
            failed |= row["cold_us"] >= LIMIT_COLD or row["warm_us"] >= LIMIT_WARM
            print(f"{dialect:<14}{row['bytes']:>8}{row['sent_bytes']:>8}{row['cold_us'] / 1000:>9.3f} ms{row['warm_us'] / 1000:>9.3f} ms")
    print(f"CPU per body; cold must stay below {LIMIT_COLD / 1000:g} ms, warm below {LIMIT_WARM / 1000:g} ms: {'FAILED' if failed else 'ok'}")
    sys.exit(1 if failed else 0)


main()
