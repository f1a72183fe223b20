#!/usr/bin/env python3
"""Asks /v1/messages like an agent does: a tool call, the tool's result, and the first question once more.

    ask.py BASE_URL [--json]

Prints the answers as they stream, and for each the time to first token and what each cache layer did, from the answer's own
counts. Standard library only.
"""
import argparse
import json
import sys
import time
import urllib.request

SYSTEM = """You are the assistant of a small team that keeps its notes and services on one Linux machine.
Answer briefly. When someone asks for a command, call the tool that is offered and report what it gave back, word for word.
""" + "\n".join(
    f"Note {n}: the {name} keeps its settings below etc/{name} and its records below var/{name}; ask before they are changed."
    for n, name in enumerate(["mailer", "printer", "gateway", "archive", "calendar", "tracker", "backup", "monitor", "router", "library"], 1)
)
TOOLS = [{
    "name": "Bash",
    "description": "Runs a command in a shell and returns what it prints.",
    "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}]


def ask(base, messages, out):
    """Streams one answer. Returns its blocks, the seconds to the first token and to the end, its usage and cache headers."""
    body = {"model": "claude-local", "max_tokens": 200, "temperature": 0, "stream": True,
            "system": SYSTEM, "tools": TOOLS, "messages": messages}
    request = urllib.request.Request(base + "/v1/messages", json.dumps(body).encode(), {
        "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "local"})
    start, first, usage, blocks = time.monotonic(), None, {}, []
    with urllib.request.urlopen(request, timeout=120) as response:
        headers = {k.lower(): v for k, v in response.headers.items() if k.lower().startswith("x-anyclaude")}
        for line in response:
            if not line.startswith(b"data:"):
                continue
            event = json.loads(line[5:])
            kind = event["type"]
            if kind == "error":
                raise SystemExit(f"ask: the proxy says: {event['error']['message']}")
            if kind == "message_start":
                usage.update(event["message"]["usage"])
            elif kind == "content_block_start":
                first = first or time.monotonic()
                blocks.append(dict(event["content_block"], json=""))
                if blocks[-1]["type"] == "tool_use":
                    out(f"[{blocks[-1]['name']}] ")
            elif kind == "content_block_delta":
                delta = event["delta"]
                if delta["type"] == "text_delta":
                    blocks[-1]["text"] += delta["text"]
                    out(delta["text"])
                elif delta["type"] == "input_json_delta":
                    blocks[-1]["json"] += delta["partial_json"]
                    out(delta["partial_json"])
            elif kind == "message_delta":
                usage.update(event["usage"])
    out("\n")
    for block in blocks:
        text = block.pop("json")
        if block["type"] == "tool_use":
            block["input"] = json.loads(text or "{}")
    end = time.monotonic()
    return {"blocks": blocks, "ttft": (first or end) - start, "seconds": end - start, "usage": usage, "headers": headers}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base_url")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    arguments = parser.parse_args()
    out = (lambda text: None) if arguments.json else (lambda text: (sys.stdout.write(text), sys.stdout.flush()))
    question = {"role": "user", "content": "Please run `ls notes/2026` and tell me what it prints."}
    rows = []

    def turn(label, messages):
        out(f"\n> {label}\n")
        answer = ask(arguments.base_url, messages, out)
        rows.append(dict(answer, label=label))
        u = answer["usage"]
        out(f"  first token after {answer['ttft'] * 1000:.0f} ms, all after {answer['seconds'] * 1000:.0f} ms; prompt tokens: "
            f"{u['input_tokens'] + u.get('cache_creation_input_tokens', 0)} computed, {u.get('cache_read_input_tokens', 0)} from the KV store\n")
        return answer

    first = turn("a first request, cold: " + question["content"], [question])
    calls = [b for b in first["blocks"] if b["type"] == "tool_use"]
    if not calls:
        raise SystemExit("ask: the model called no tool")
    result = {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": calls[0]["id"], "content": "plan.md\nbudget.txt\nroster-7.csv"}]}
    turn("the tool's result, warm (the conversation is in the KV store)", [question, {"role": "assistant", "content": first["blocks"]}, result])
    turn("the first request once more (the response cache)", [question])
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    with urllib.request.urlopen(arguments.base_url + "/v1/anyclaude/cache", timeout=10) as response:
        layers = json.load(response)
    prompt, answers, kv = layers["prompt"], layers["response"], layers["kv"]
    out(f"""
What each cache layer did, as the proxy counted it:
  1 prompt cache    tools and system text translated {prompt['misses']} times, reused {prompt['hits']} times; {prompt['bytes_not_resent']} bytes not sent again
  2 response cache  {answers['hits']} of {answers['hits'] + answers['misses']} requests answered from it; {answers['tokens_not_computed']} tokens not computed
  3 KV store        {kv['cached_tokens']} of {kv['prompt_tokens']} prompt tokens were there already
""")


if __name__ == "__main__":
    main()
