"""Trains the demo model on CPU and writes ../demo.

    python3 train.py                 everything: tokenizer, all stages, checkpoint, log
    python3 train.py --from STAGE    go on from the state saved before that stage

The dialogues come from make_data.py and never repeat. The checkpoint is
written in bf16 after every stage.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import time
from pathlib import Path

import jinja2
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import make_data as data
from model import CONFIG, Qwen3

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "demo"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKERS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
#: Words, digits one by one, runs of spaces, and the joints of JSON. A path has
#: the same tokens after a space, after a quote and at the start of a line.
SPLIT = r"""[{}\[\]":,]+ ?["{\[]*|\p{L}+|\p{N}| +|\n|-+|=+|\.+|`+|[^\s\p{L}\p{N}]|\s"""

#: name, steps, learning rate at the start and at the end, weight of the text
#: that is not the assistant's, and the mix of (profile, row length, rows, share).
STAGES: list[tuple[str, int, float, float, float, list[tuple[str, int, int, float]]]] = [
    ("copy", 300, 1.0, 1.0, 0.3, [("copy", 256, 16, 1.0)]),
    ("short", 400, 1.0, 1.0, 0.1, [("short", 512, 8, 0.9), ("copy", 256, 16, 0.1)]),
    ("mixed", 500, 1.0, 1.0, 0.0, [("short", 512, 12, 0.45), ("mid", 1024, 6, 0.4), ("long", 3072, 3, 0.15)]),
    ("main", 4000, 1.0, 0.0, 0.0, [("copy", 512, 12, 0.04), ("short", 512, 12, 0.38), ("mid", 1024, 6, 0.36), ("long", 3072, 3, 0.22)]),
]
MUON_LR, ADAM_LR = 0.02, 0.003


# ------------------------------------------------------------------- text


def template() -> str:
    return (HERE / "chat_template.jinja").read_text(encoding="utf-8")


def renderer() -> jinja2.Template:
    """The chat template, compiled the way HF transformers does it."""
    env = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    env.filters["tojson"] = lambda x: json.dumps(x, ensure_ascii=False, separators=(",", ":") if COMPACT[0] else None)
    return env.from_string(template())


COMPACT = [False]


def render(chat: jinja2.Template, dialogue: data.Dialogue) -> str:
    """The text of a dialogue."""
    COMPACT[0] = dialogue.get("compact", False)
    text = chat.render(messages=dialogue["messages"], tools=dialogue["tools"] or None, add_generation_prompt=False)
    COMPACT[0] = False
    return text


def make_tokenizer(chat: jinja2.Template) -> Tokenizer:
    """A byte-level BPE learned from training dialogues."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), "isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=CONFIG["vocab_size"], special_tokens=SPECIAL + MARKERS, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    texts = [render(chat, data.dialogue(data.SEED + 1, i, p)) for p, n in (("short", 8000), ("mid", 1500)) for i in range(n)]
    tokenizer.train_from_iterator(texts, trainer)
    raw = json.loads(tokenizer.to_str())
    for token in raw["added_tokens"]:
        token["special"] = token["content"] in SPECIAL
    return Tokenizer.from_str(json.dumps(raw))


def write_tokenizer(tokenizer: Tokenizer) -> None:
    """tokenizer.json, tokenizer_config.json and the configuration files."""
    DEMO.mkdir(exist_ok=True)
    (DEMO / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    added = {str(i): {"content": t, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": t in SPECIAL} for i, t in enumerate(SPECIAL + MARKERS)}
    config = {"add_bos_token": False, "add_prefix_space": False, "added_tokens_decoder": added, "additional_special_tokens": SPECIAL[1:], "bos_token": None,
              "chat_template": template(), "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace", "model_max_length": CONFIG["max_position_embeddings"],
              "pad_token": "<|endoftext|>", "split_special_tokens": False, "tokenizer_class": "PreTrainedTokenizerFast", "unk_token": None}
    for name, value in (("tokenizer_config.json", config), ("config.json", CONFIG),
                        ("generation_config.json", {"do_sample": False, "eos_token_id": [2, 0], "pad_token_id": 0, "transformers_version": CONFIG["transformers_version"]})):
        (DEMO / name).write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


# ------------------------------------------------------------------- batches


class Stream:
    """Rows of packed dialogues of one profile and one length."""

    def __init__(self, profile: str, length: int, tokenizer: Tokenizer, chat: jinja2.Template, index: int = 0) -> None:
        self.profile, self.length, self.tokenizer, self.chat = profile, length, tokenizer, chat
        self.index = index
        self.waiting: list[tuple[list[int], list[int]]] = []
        self.system = tokenizer.encode("<|im_start|>system\n").ids
        self.head = tokenizer.encode("<|im_start|>assistant\n").ids

    def mask(self, ids: list[int]) -> list[int]:
        """1 where the token is the assistant's own, its end of turn included."""
        out, i, n = [0] * len(ids), 0, len(self.head)
        while i < len(ids):
            if ids[i] == 1 and ids[i : i + n] == self.head:
                i += n
                while i < len(ids):
                    out[i] = 1
                    i += 1
                    if ids[i - 1] == 2:
                        break
            else:
                i += 1
        return out

    def fill(self) -> None:
        texts = []
        for _ in range(128 if self.length < 2000 else 16):
            texts.append(render(self.chat, data.dialogue(data.SEED, self.index, self.profile)))
            self.index += 1
        for enc in self.tokenizer.encode_batch_fast(texts):
            if len(enc.ids) <= self.length:
                self.waiting.append((enc.ids, self.mask(enc.ids)))

    def row(self) -> tuple[list[int], list[int]]:
        """As many waiting dialogues as fit, then padding.

        A dialogue without a system block stands first in its row, as it would
        else look like one more turn of the dialogue before it.
        """
        ids: list[int] = []
        mask: list[int] = []
        if len(self.waiting) < (40 if self.length < 2000 else 6):
            self.fill()
        i = 0
        first = next((i for i, w in enumerate(self.waiting[:40]) if w[0][: len(self.system)] != self.system), None)
        if first:
            self.waiting.insert(0, self.waiting.pop(first))
        while i < min(len(self.waiting), 40) and len(ids) < self.length - 40:
            fits = len(ids) + len(self.waiting[i][0]) <= self.length
            if fits and (not ids or self.profile == "copy" or self.waiting[i][0][: len(self.system)] == self.system):
                a, b = self.waiting.pop(i)
                ids += a
                mask += b
            else:
                i += 1
        pad = self.length - len(ids)
        return ids + [0] * pad, mask + [-1] * pad

    def batch(self, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        pairs = [self.row() for _ in range(rows)]
        return torch.tensor([p[0] for p in pairs]), torch.tensor([p[1] for p in pairs])


def exact(model: Qwen3, tokenizer: Tokenizer, chat: jinja2.Template, profile: str, count: int) -> tuple[float, float]:
    """Share of calls and of other replies that greedy decoding gets exactly right.

    Dialogues of the held-out stems, of another seed than the evaluation's.
    Teacher forcing: a turn counts when every token of it is the likeliest one.
    """
    stream = Stream(profile, 4000, tokenizer, chat)
    hits: dict[bool, list[bool]] = {True: [], False: []}
    plain = data.Gen.__init__
    data.Gen.__init__ = lambda self, seed, held_out=False: plain(self, "dev" + seed, True)
    try:
        items = []
        for i in range(count):
            ids = tokenizer.encode(render(chat, data.dialogue(5, i, profile))).ids
            items.append((ids, stream.mask(ids)))
    finally:
        data.Gen.__init__ = plain
    items.sort(key=lambda x: len(x[0]))
    group = 16 if profile == "short" else 4
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(items), group):
            part = items[at : at + group]
            width = max(len(i) for i, _ in part)
            ids = torch.tensor([i + [0] * (width - len(i)) for i, _ in part])
            best = model.logits(model.hidden(ids)).argmax(-1)
            for row, (tokens, mask) in enumerate(part):
                start = None
                for t in range(1, len(tokens)):
                    if mask[t] == 1 and start is None:
                        start, good = t, True
                    if start is not None:
                        good = good and int(best[row, t - 1]) == tokens[t]
                        if tokens[t] == 2:
                            hits[tokens[start] == 3].append(good)
                            start = None
    return tuple(sum(h) / max(1, len(h)) for h in (hits[True], hits[False]))


# ------------------------------------------------------------------- optimiser


@torch.no_grad()
def orthogonal(g: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz iteration towards the nearest orthogonal matrix (batched)."""
    x = g.bfloat16()
    flip = x.shape[-2] > x.shape[-1]
    if flip:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return (x.mT if flip else x).float()


class Muon:
    """Momentum with orthogonalised updates for the matrices of the layers."""

    def __init__(self, params: list[torch.nn.Parameter]) -> None:
        self.params = params
        self.state = [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self, lr: float) -> None:
        groups: dict[tuple[int, ...], list[int]] = {}
        for i, p in enumerate(self.params):
            groups.setdefault(tuple(p.shape), []).append(i)
        for shape, members in groups.items():
            updates = []
            for i in members:
                grad, m = self.params[i].grad, self.state[i]
                m.lerp_(grad, 0.05)
                updates.append(grad.lerp(m, 0.95))
            for i, u in zip(members, orthogonal(torch.stack(updates))):
                self.params[i].mul_(1 - lr * 0.02)
                self.params[i].add_(u, alpha=-lr * max(1.0, shape[0] / shape[1]) ** 0.5)


def save(model: Qwen3, folder: Path) -> None:
    """The checkpoint, in bf16, under HF's names."""
    tensors = {"model." + k: v.detach().bfloat16().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="start", default="copy", choices=[s[0] for s in STAGES])
    parser.add_argument("--state", type=Path, default=Path("/tmp/anyclaude-demo-training"), help="where the resumable state goes")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--resume", action="store_true", help="go on in the middle of the stage given with --from")
    parser.add_argument("--out", type=Path, default=DEMO, help="where the weights go")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end a stage after that time; the learning rate falls with the time then")
    parser.add_argument("--eager", action="store_true", help="without torch.compile")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(data.SEED)
    args.state.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    first = [s[0] for s in STAGES].index(args.start)
    fresh = first == 0 and not args.resume
    chat = renderer()
    log_file = open(HERE / "training.log", "w" if fresh else "a", encoding="utf-8")

    def log(text: str) -> None:
        print(text, flush=True)
        log_file.write(text + "\n")
        log_file.flush()

    if fresh:
        tokenizer = make_tokenizer(chat)
        write_tokenizer(tokenizer)
    else:
        tokenizer = Tokenizer.from_file(str(DEMO / "tokenizer.json"))
    model = Qwen3(CONFIG)
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    muon, adam = Muon(matrices), torch.optim.AdamW(rest, lr=ADAM_LR, betas=(0.9, 0.98), weight_decay=0.0)
    step, seconds, tokens, done = 0, 0.0, 0, 0
    index: dict[str, int] = {}
    streams: dict[str, Stream] = {}

    def keep(path: Path, local: int) -> None:
        """Save what is needed to go on from here."""
        index.update({p: s.index for p, s in streams.items()})
        torch.save({"model": model.state_dict(), "adam": adam.state_dict(), "muon": muon.state, "step": step, "seconds": time.time() - began,
                    "tokens": tokens, "index": index, "done": local}, path)

    if first or args.resume:
        path = args.state / (f"{args.start}.part.pt" if args.resume else f"{STAGES[first - 1][0]}.pt")
        state = torch.load(path)
        model.load_state_dict(state["model"])
        adam.load_state_dict(state["adam"])
        muon.state = state["muon"]
        step, seconds, tokens, index = state["step"], state["seconds"], state["tokens"], state["index"]
        done = state["done"]
    log(f"# date {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, seed {data.SEED}, python {platform.python_version()}, torch {torch.__version__}, threads {args.threads}, "
        f"parameters {sum(p.numel() for p in model.parameters()):,}, vocabulary {tokenizer.get_vocab_size()}, from stage {args.start}")
    forward = model.hidden if args.eager else torch.compile(model.hidden, dynamic=False)
    began = time.time() - seconds
    for name, steps, lr_from, lr_to, side, mix in STAGES[first:]:
        log(f"# stage {name}: {steps} steps, mix {mix}")
        streams = {m[0]: Stream(m[0], m[1], tokenizer, chat, index.get(m[0], 0)) for m in mix}
        dice = random.Random(f"{data.SEED}:{name}:{done}")
        total, count, stage_began = 0.0, 0, time.time()
        for local in range(done, steps):
            part = max(local / steps, (time.time() - stage_began) / (60 * args.minutes))
            if part >= 1:
                break
            profile, length, rows, _ = dice.choices(mix, [m[3] for m in mix])[0]
            ids, mask = streams[profile].batch(rows)
            weight = (mask[:, 1:] == 1).float() + side * (mask[:, 1:] == 0).float()
            chosen = weight.reshape(-1) > 0
            scale = lr_from + (lr_to - lr_from) * part
            if step < 100:
                scale *= (step + 1) / 100
            with torch.autocast("cpu", torch.bfloat16):
                states = forward(ids)
                scores = model.logits(states[:, :-1].reshape(-1, states.shape[-1])[chosen])
            w = weight.reshape(-1)[chosen]
            each = F.cross_entropy(scores.float(), ids[:, 1:].reshape(-1)[chosen], reduction="none")
            loss = (each * w).sum() / w.sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(rest, 1.0)
            for group in adam.param_groups:
                group["lr"] = ADAM_LR * scale
            muon.step(MUON_LR * scale)
            adam.step()
            for p in model.parameters():
                p.grad = None
            own = w >= 1
            total, count = total + each.detach()[own].mean().item(), count + 1
            step, tokens = step + 1, tokens + ids.numel()
            if step % 50 == 0:
                log(f"step {step} stage {name} loss {total / count:.4f} (assistant) lr {scale:.3f} tokens {tokens / 1e6:.2f}M time {time.time() - began:.0f}s")
                total, count = 0.0, 0
            if step % 100 == 0 and local < steps - 1:
                keep(args.state / f"{name}.part.pt", local + 1)
                save(model, args.out)
            if step % 200 == 0 or local == steps - 1:
                marks = []
                for p, n in (("short", 96),) + ((("mid", 48), ("long", 16)) if step % 400 == 0 and name in ("mixed", "main") or local == steps - 1 else ()):
                    calls, replies = exact(model, tokenizer, chat, p, n)
                    marks.append(f"{p}: calls {calls:.3f} replies {replies:.3f}")
                log(f"eval {step} exact, held-out stems; " + "; ".join(marks) + f" time {time.time() - began:.0f}s")
        keep(args.state / f"{name}.pt", 0)
        save(model, args.out)
        done = 0
        log(f"# stage {name} done, checkpoint written, dialogues so far {index}, time {time.time() - began:.0f}s")


if __name__ == "__main__":
    main()
