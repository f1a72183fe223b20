#!/usr/bin/env python3
"""Small checkpoints of every architecture that the runtime computes, and their logits by transformers (f32) or MLX (its arithmetic in f32).

  ANYCLAUDE_RUNTIME_ORACLE=FOLDER make_runtime_oracle.py    writes checkpoints and logits, which `ArchitectureOracleTests` reads
  make_runtime_oracle.py --golden                           prints the few numbers that `GoldenLogitsTests` has

Needs numpy, safetensors, torch, transformers, mlx and mlx_lm. Weights come from a formula that the tests compute too (`FormulaCheckpoint`)."""
import json
import os
import sys
import tempfile

import numpy as np

GOLDEN = dict(vocab_size=96, hidden_size=64, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=3, intermediate_size=96)
ORACLE = dict(vocab_size=512, hidden_size=256, num_attention_heads=8, num_key_value_heads=2, num_hidden_layers=4, intermediate_size=384)
COMMON = dict(hidden_act="silu", rms_norm_eps=1e-6, rope_theta=10000.0, max_position_embeddings=4096, eos_token_id=2, bos_token_id=1)
EXPERTS = dict(num_experts=8, num_experts_per_tok=3, moe_intermediate_size=64, decoder_sparse_step=1, mlp_only_layers=[1], norm_topk_prob=True)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)


def quantised(bits, group):
    return dict(bits=bits, group_size=group)


# Name, type of the plain tensors, what config.json has besides.
CASES = [
    ("qwen2", "F32", dict(architectures=["Qwen2ForCausalLM"], model_type="qwen2", tie_word_embeddings=True)),
    ("qwen2-bf16", "BF16", dict(architectures=["Qwen2ForCausalLM"], model_type="qwen2", tie_word_embeddings=False)),
    ("llama", "F16", dict(architectures=["LlamaForCausalLM"], model_type="llama", tie_word_embeddings=False)),
    ("llama3-scaled", "F32", dict(architectures=["LlamaForCausalLM"], model_type="llama", head_dim=32, tie_word_embeddings=True, rope_theta=500000.0, rope_scaling=LLAMA3)),
    ("qwen3-moe", "F32", dict(architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", head_dim=32, tie_word_embeddings=False, **EXPERTS)),
    ("qwen3-moe-plain-weights", "F32", dict(architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", head_dim=32, tie_word_embeddings=True, **{**EXPERTS, "norm_topk_prob": False, "decoder_sparse_step": 2, "mlp_only_layers": []})),
    ("qwen3-moe-4bit", "BF16", dict(architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", head_dim=32, tie_word_embeddings=False, quantization=quantised(4, 64), **{**EXPERTS, "mlp_only_layers": []})),
    ("qwen3-8bit-g32", "BF16", dict(architectures=["Qwen3ForCausalLM"], model_type="qwen3", head_dim=32, tie_word_embeddings=True, quantization=quantised(8, 32))),
    ("qwen2-4bit-g128", "F16", dict(architectures=["Qwen2ForCausalLM"], model_type="qwen2", tie_word_embeddings=False, hidden_size=128, intermediate_size=256, quantization=quantised(4, 128))),
]


# MARK: The formula

def words(name, count):
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    with np.errstate(over="ignore"):
        h = np.uint32(seed) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return h


def floats(name, count):
    """Exact in bf16 and f16 too."""
    drawn = words(name, count)
    if "norm.weight" in name:
        return (np.float32(96) + (drawn >> np.uint32(26)).astype(np.float32)) / np.float32(128)
    return ((drawn >> np.uint32(24)).astype(np.float32) - np.float32(128)) / np.float32(512)


def stored(values, dtype):
    if dtype == "BF16":
        return (values.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    return values.astype(np.float16) if dtype == "F16" else values


# MARK: Checkpoints

def tensors(config, dtype):
    """(name, dtype, shape, values)"""
    hidden, heads, groups = config["hidden_size"], config["num_attention_heads"], config["num_key_value_heads"]
    head = config.get("head_dim", hidden // heads)
    kind, scheme = config["model_type"], config.get("quantization")

    def vector(name, count):
        yield name, dtype, [count], stored(floats(name, count), dtype)

    def matrix(module, rows, columns, stack=()):
        own = scheme and scheme.get(module, scheme)
        shape = [*stack, rows]
        many = int(np.prod(shape))
        if not own:
            yield module + ".weight", dtype, shape + [columns], stored(floats(module + ".weight", many * columns), dtype)
            return
        bits, group = own["bits"], own["group_size"]
        yield module + ".weight", "U32", shape + [columns * bits // 32], words(module + ".weight", many * columns * bits // 32)
        step = (words(module + ".scales", many * columns // group) & np.uint32(7)).astype(np.float32) + np.float32(1)
        scales = step / np.float32(256 if bits == 4 else 4096)
        yield module + ".scales", dtype, shape + [columns // group], stored(scales, dtype)
        yield module + ".biases", dtype, shape + [columns // group], stored(scales * np.float32(-(1 << (bits - 1))), dtype)

    def gated(name, width, stack=()):
        yield from matrix(name + "gate_proj", width, hidden, stack)
        yield from matrix(name + "up_proj", width, hidden, stack)
        yield from matrix(name + "down_proj", hidden, width, stack)

    yield from matrix("model.embed_tokens", config["vocab_size"], hidden)
    yield from vector("model.norm.weight", hidden)
    if not config["tie_word_embeddings"]:
        yield from matrix("lm_head", config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        name = f"model.layers.{layer}."
        yield from vector(name + "input_layernorm.weight", hidden)
        yield from vector(name + "post_attention_layernorm.weight", hidden)
        for projection, rows in (("q", heads * head), ("k", groups * head), ("v", groups * head)):
            yield from matrix(f"{name}self_attn.{projection}_proj", rows, hidden)
            if kind == "qwen2":
                yield from vector(f"{name}self_attn.{projection}_proj.bias", rows)
        yield from matrix(name + "self_attn.o_proj", hidden, heads * head)
        if kind.startswith("qwen3"):
            yield from vector(name + "self_attn.q_norm.weight", head)
            yield from vector(name + "self_attn.k_norm.weight", head)
        if "num_experts" not in config or layer in config["mlp_only_layers"] or (layer + 1) % config["decoder_sparse_step"]:
            yield from gated(name + "mlp.", config["intermediate_size"])
            continue
        yield from matrix(name + "mlp.gate", config["num_experts"], hidden)
        if scheme:
            yield from gated(name + "mlp.switch_mlp.", config["moe_intermediate_size"], [config["num_experts"]])
        else:
            for expert in range(config["num_experts"]):
                yield from gated(f"{name}mlp.experts.{expert}.", config["moe_intermediate_size"])


def configuration(shape, extra):
    config = {**COMMON, **shape, **extra}
    for key in ("hidden_size", "intermediate_size"):
        config[key] = max(config[key], shape[key])
    if "quantization" in config and "num_experts" in config:
        scheme = dict(config["quantization"])
        for layer in range(config["num_hidden_layers"]):
            scheme[f"model.layers.{layer}.mlp.gate"] = quantised(8, scheme["group_size"])
        config["quantization"] = scheme
    return config


def write(folder, config, dtype):
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/config.json", "w") as file:
        json.dump(config, file, indent=1)
    header, data = {"__metadata__": {"format": "pt"}}, []
    offset = 0
    for name, kind, shape, values in tensors(config, dtype):
        header[name] = dict(dtype=kind, shape=shape, data_offsets=[offset, offset + values.nbytes])
        offset += values.nbytes
        data.append(values)
    text = json.dumps(header).encode()
    with open(folder + "/model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for values in data:
            file.write(values.tobytes())


# MARK: Logits

def logits(folder, config, prompts):
    if "quantization" in config:
        import mlx.core as mx
        from pathlib import Path
        from mlx_lm.models.switch_layers import SwitchLinear
        from mlx_lm.utils import load_model
        # Newer versions of MLX name the mode, older ones of mlx_lm do not know it.
        make = SwitchLinear.to_quantized
        if "mode" not in make.__code__.co_varnames:
            SwitchLinear.to_quantized = lambda self, group_size=64, bits=4, mode="affine": make(self, group_size, bits)
        mx.set_default_device(mx.cpu)
        model, _ = load_model(Path(folder))
        model.set_dtype(mx.float32)
        return [np.array(model(mx.array([ids]))[0].astype(mx.float32)) for ids in prompts]
    import torch
    from transformers import AutoModelForCausalLM
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        return [model(torch.tensor([ids])).logits[0].float().numpy() for ids in prompts]


def prompt(count, vocabulary, step=37):
    return [(index * step + 11) % vocabulary for index in range(count)]


def golden():
    for name, dtype, extra in CASES:
        config = configuration(GOLDEN, extra)
        with tempfile.TemporaryDirectory() as folder:
            write(folder, config, dtype)
            last = logits(folder, config, [prompt(40, config["vocab_size"])])[0][-1]
        print(f'{name}: [{", ".join(f"{value:.5f}" for value in last[:6])}] rms {np.sqrt((last ** 2).mean()):.3f}')


def oracle(root):
    for name, dtype, extra in CASES:
        config = configuration(ORACLE, extra)
        write(f"{root}/{name}", config, dtype)
        prompts = {f"p{count}": prompt(count, config["vocab_size"], step) for count, step in ((1, 37), (17, 41), (300, 29))}
        found = dict(zip(prompts, logits(f"{root}/{name}", config, list(prompts.values()))))
        header, data, offset = {}, [], 0
        for key, values in found.items():
            values = np.ascontiguousarray(values[-32:], dtype=np.float32)
            header[key + ".logits"] = dict(dtype="F32", shape=list(values.shape), data_offsets=[offset, offset + values.nbytes])
            offset += values.nbytes
            data.append(values.tobytes())
        text = json.dumps(header).encode()
        with open(f"{root}/logits_{name}.safetensors", "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text + b"".join(data))
        with open(f"{root}/logits_{name}.json", "w") as file:
            json.dump(dict(model=name, cases={key: dict(ids=ids) for key, ids in prompts.items()}), file)
        print(name)


if __name__ == "__main__":
    if sys.argv[1:] == ["--golden"]:
        golden()
    elif not sys.argv[1:] and os.environ.get("ANYCLAUDE_RUNTIME_ORACLE"):
        oracle(os.environ["ANYCLAUDE_RUNTIME_ORACLE"])
    else:
        sys.exit(__doc__)
