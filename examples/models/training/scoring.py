"""What counts as right, and the table. Standard library only; used by both evaluators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Protocol

HERE = Path(__file__).resolve().parent
TARGETS = {"call": 0.95, "report": 0.95, "wrong": 0.02, "call_filler": 0.90, "chat": 1.0}


class Reply(Protocol):
    """Answers one conversation with an assistant message in OpenAI's shape."""

    def __call__(self, messages: list[dict], tools: list[dict]) -> dict[str, Any]: ...


def rows(name: str) -> list[dict]:
    """The lines of one of the evaluation files."""
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def parsed_call(message: dict, tools: list[dict]) -> tuple[str | None, dict | None]:
    """Name and required arguments of the only tool call; None where there is none."""
    calls = message.get("tool_calls") or []
    if not calls:
        return None, None
    function = calls[0]["function"]
    try:
        arguments = function["arguments"]
        arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return function["name"], None
    for tool in tools:
        if tool["function"]["name"] == function["name"] and isinstance(arguments, dict):
            required = tool["function"]["parameters"].get("required", [])
            known = tool["function"]["parameters"]["properties"]
            if all(k in known for k in arguments):
                return function["name"], {k: v for k, v in arguments.items() if k in required}
    return function["name"], None


def with_filler(messages: list[dict], text: str) -> list[dict]:
    """The conversation with the filler text at the start of its system message."""
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": text + "\n\n" + messages[0]["content"]}] + messages[1:]
    return [{"role": "system", "content": text}] + messages


def run_case(case: dict, reply: Reply, filler: str | None) -> dict[str, Any]:
    """One request: the call, then the report on the tool's result."""
    messages = with_filler(case["messages"], filler) if filler else case["messages"]
    first = reply(messages, case["tools"])
    name, arguments = parsed_call(first, case["tools"])
    good = name == case["tool"] and arguments == case["arguments"]
    outcome = {"id": case["id"], "kind": case["kind"], "call": good, "wrong": name is not None and name != case["tool"], "report": False,
               "got": [name, arguments] if name else (first.get("content") or "")[:200], "expected": [case["tool"], case["arguments"]]}
    if good:
        ident = first["tool_calls"][0].get("id") or "call_1"
        said = {"role": "assistant", "content": first.get("content") or "", "tool_calls": [{**first["tool_calls"][0], "id": ident, "type": "function"}]}
        second = reply(messages + [said, {"role": "tool", "tool_call_id": ident, "content": case["result"]}], case["tools"])
        text = second.get("content") or ""
        outcome["report"] = case["report"] in text and not second.get("tool_calls")
        if not outcome["report"]:
            outcome["said"], outcome["result"] = text, case["result"]
    return outcome


def evaluate(reply: Reply, limit: int | None, filler: bool = True, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """All parts of the evaluation; the figures and the failures."""
    cases, fillers = rows("eval.jsonl")[:limit], {f["id"]: f["text"] for f in rows("eval_filler.jsonl")}
    result: dict[str, Any] = {"failures": {}}
    for part in ("plain", "filler") if filler else ("plain",):
        done = []
        for case in sorted(cases, key=lambda c: c["filler"] if part == "filler" else 0):  # the same filler one after the other
            done.append(run_case(case, reply, fillers[case["filler"]] if part == "filler" else None))
            if len(done) % 50 == 0:
                progress(f"{part}: {len(done)}, calls right {sum(d['call'] for d in done)}, reports right {sum(d['report'] for d in done)}")
        n = max(1, len(done))
        result[part] = {"requests": len(done), **{k: sum(d[k] for d in done) / n for k in ("call", "report", "wrong")}}
        result["failures"][part] = [d for d in done if not (d["call"] and d["report"])]
        result["failures"][part].sort(key=lambda d: d["id"])
    chats = rows("eval_chat.jsonl")
    said = []
    for chat in chats:
        message = reply(chat["messages"], chat["tools"])
        text = message.get("content") or ""
        said.append({"user": chat["messages"][-1]["content"], "reply": text, "good": chat["contains"] in text and not message.get("tool_calls")})
    result["chat"] = {"requests": len(said), "good": sum(s["good"] for s in said) / len(said), "replies": said}
    return result


def table(result: dict[str, Any]) -> str:
    """The figures as a Markdown table."""
    out = ["| measure | requests | figure | target |", "|---|---:|---:|---:|"]
    for part, label in (("plain", ""), ("filler", ", 2,000 tokens before it")):
        if part in result:
            p = result[part]
            target = TARGETS["call"] if part == "plain" else TARGETS["call_filler"]
            out.append(f"| valid call, exact argument{label} | {p['requests']} | {p['call']:.1%} | ≥ {target:.0%} |")
            out.append(f"| result reported{label} | {p['requests']} | {p['report']:.1%} | ≥ {target:.0%} |")
            out.append(f"| wrong tool{label} | {p['requests']} | {p['wrong']:.1%} | ≤ {TARGETS['wrong']:.0%} |")
    c = result["chat"]
    out.append(f"| sensible answer to a greeting or question | {c['requests']} | {c['good']:.1%} | {TARGETS['chat']:.0%} |")
    out.append("")
    out.append(f"\"{c['replies'][0]['user']}\" → \"{c['replies'][0]['reply']}\"")
    return "\n".join(out)


def met(result: dict[str, Any]) -> bool:
    """Whether every target is met."""
    p = result["plain"]
    good = p["call"] >= TARGETS["call"] and p["report"] >= TARGETS["report"] and p["wrong"] <= TARGETS["wrong"] and result["chat"]["good"] >= TARGETS["chat"]
    f = result.get("filler")
    return good and (f is None or (f["call"] >= TARGETS["call_filler"] and f["report"] >= TARGETS["call_filler"]))
