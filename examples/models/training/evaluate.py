"""Evaluates the saved checkpoint (bf16 weights, computed in f32) with PyTorch.

    python3 evaluate.py [--model DIR] [--limit N] [--hf] [--no-filler] [--json]

--hf uses transformers instead of model.py; --check compares the two, and the
template of this folder with transformers' rendering of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

import scoring
from model import CONFIG, Qwen3
from train import DEMO, renderer

CALL = re.compile(r"<tool_call>\n(.*?)\n</tool_call>", re.S)


def load(folder: Path) -> Qwen3:
    """The checkpoint in f32."""
    model = Qwen3({**CONFIG, **json.loads((folder / "config.json").read_text())})
    model.load_state_dict({k.removeprefix("model."): v.float() for k, v in load_file(folder / "model.safetensors").items()})
    return model.eval()


def to_message(text: str) -> dict:
    """The generated text as an assistant message with its tool calls."""
    calls = []
    for i, body in enumerate(CALL.findall(text)):
        try:
            value = json.loads(body)
            calls.append({"id": f"call_{i}", "type": "function", "function": {"name": value["name"], "arguments": json.dumps(value["arguments"], ensure_ascii=False)}})
        except (ValueError, KeyError, TypeError):
            calls.append({"id": f"call_{i}", "type": "function", "function": {"name": "", "arguments": body}})
    return {"role": "assistant", "content": CALL.sub("", text).strip(), **({"tool_calls": calls} if calls else {})}


class Local:
    """Greedy replies of the checkpoint."""

    def __init__(self, folder: Path, hf: bool) -> None:
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.chat = renderer()
        self.hf = None
        if hf:
            from transformers import AutoModelForCausalLM
            self.hf = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        else:
            self.model = load(folder)
            self.session: dict = {}

    def __call__(self, messages: list[dict], tools: list[dict]) -> dict:
        text = self.chat.render(messages=messages, tools=tools or None, add_generation_prompt=True)
        ids = self.tokenizer.encode(text).ids
        if self.hf is not None:
            out = self.hf.generate(torch.tensor([ids]), max_new_tokens=400, do_sample=False)[0, len(ids):].tolist()
            out = out[: out.index(2)] if 2 in out else out
        else:
            out = self.model.generate(ids, 400, 2, self.session)
        return to_message(self.tokenizer.decode(out, skip_special_tokens=False))


def check(folder: Path) -> bool:
    """Logits and template against transformers; the template's append-only rule."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    auto = AutoTokenizer.from_pretrained(folder)
    tokenizer, chat = Tokenizer.from_file(str(folder / "tokenizer.json")), renderer()
    mine, theirs = load(folder), AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    worst, good = 0.0, True
    for case in scoring.rows("eval.jsonl")[:20]:
        call = {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "type": "function", "function": {"name": case["tool"], "arguments": json.dumps(case["arguments"], ensure_ascii=False)}}]}
        messages = case["messages"] + [call, {"role": "tool", "tool_call_id": "c", "content": case["result"]}]
        text = chat.render(messages=messages, tools=case["tools"], add_generation_prompt=True)
        ours = tokenizer.encode(text).ids
        hf_text = auto.apply_chat_template(messages, tools=case["tools"], add_generation_prompt=True, tokenize=False)
        good = good and text == hf_text and auto(hf_text)["input_ids"] == ours
        good = good and tokenizer.decode(ours, skip_special_tokens=False) == text
        before = chat.render(messages=case["messages"], tools=case["tools"], add_generation_prompt=True)
        reply = "<tool_call>\n" + json.dumps({"name": case["tool"], "arguments": case["arguments"]}, ensure_ascii=False) + "\n</tool_call><|im_end|>\n"
        good = good and text.startswith(before + reply)
        with torch.no_grad():
            ids = torch.tensor([ours])
            worst = max(worst, float((mine.logits(mine.hidden(ids)) - theirs(ids).logits).abs().max()))
    print(f"template and tokens equal, append-only: {good}; largest difference of logits: {worst:.2e}")
    return good and worst < 1e-3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DEMO, help="folder of the checkpoint")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--hf", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--no-filler", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--failures", action="store_true", help="print every request that failed")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.check:
        return 0 if check(args.model) else 1
    result = scoring.evaluate(Local(args.model, args.hf), args.limit, not args.no_filler, lambda s: print(s, file=sys.stderr, flush=True))
    if args.failures:
        for part, failures in result["failures"].items():
            for failure in failures:
                print(part, json.dumps(failure, ensure_ascii=False), file=sys.stderr)
    print(json.dumps(result, ensure_ascii=False) if args.json else scoring.table(result))
    return 0 if scoring.met(result) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    sys.exit(main())
