"""Proves that no command and no path of the evaluation occurs in the training.

Plain Python, some seconds. It re-runs the training stream with the recorded
seed and looks for every argument of eval.jsonl in every text of it; it also
checks the rule behind the split, that every request carries a stem which the
training generator can never emit. Exit code 1 on any overlap.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import make_data as data

SAMPLES = {"copy": 4000, "short": 12000, "mid": 4000, "long": 600}


def texts(dialogue: data.Dialogue) -> str:
    """Everything of a dialogue that the model reads."""
    parts = [json.dumps(dialogue["tools"], ensure_ascii=False)]
    for message in dialogue["messages"]:
        parts.append(message["content"])
        for call in message.get("tool_calls", ()):
            parts += [str(v) for v in json.loads(call["function"]["arguments"]).values()]
    return "\n".join(parts)


def main() -> int:
    """Run the check and print what it found."""
    cases = [json.loads(line) for line in (data.HERE / "eval.jsonl").read_text(encoding="utf-8").splitlines()]
    problems: list[str] = []
    held: dict[int, set[str]] = {}
    for case in cases:
        values = " ".join(case["arguments"].values())
        held[case["id"]] = {s for s in data.stems_of(values) if len(s) >= 5 and data.is_eval_stem(s)}
        if not held[case["id"]]:
            problems.append(f"request {case['id']} carries no held-out stem: {values}")
    arguments = {case["id"]: [v for v in case["arguments"].values()] for case in cases}
    seen: set[str] = set()
    count = 0
    for profile, samples in SAMPLES.items():
        for index in range(samples):
            text = texts(data.dialogue(data.SEED, index, profile))
            seen |= data.stems_of(text)
            count += 1
            for ident, values in arguments.items():
                for value in values:
                    if value in text:
                        problems.append(f"argument of request {ident} in {profile} dialogue {index}: {value}")
    for ident, stems in held.items():
        if stems and not stems - seen:
            problems.append(f"every held-out stem of request {ident} occurs in training: {sorted(stems)}")
    for problem in problems:
        print(problem)
    print(f"{len(cases)} requests against {count} training dialogues (seed {data.SEED}): {len(problems)} overlaps")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main())
