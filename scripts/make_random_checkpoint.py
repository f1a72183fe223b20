#!/usr/bin/env python3
"""Checkpoints of real shapes with random weights, as MLX quantises them: for speed and memory. What they say means nothing.

  make_random_checkpoint.py SHAPE DIR [--layers N] [--tokenizer DIR]

  qwen3-0.6b-4bit       335 MB
  qwen3-30b-a3b-4bit    17 GB: Qwen3-Coder-30B-A3B-Instruct, in shards of 2 GB

Written tensor by tensor, with a few MiB of memory. Needs numpy. The tokenizer is that of --tokenizer, by default the demo model's.
"""

import argparse
import json
import os
import shutil
import sys

import numpy

DENSE = dict(
    architectures=["Qwen3ForCausalLM"], model_type="qwen3", num_hidden_layers=28, hidden_size=1024, intermediate_size=3072, num_attention_heads=16,
    num_key_value_heads=8, head_dim=128, vocab_size=151936, max_position_embeddings=40960, rope_theta=1000000, tie_word_embeddings=True)
EXPERTS = dict(
    architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", num_hidden_layers=48, hidden_size=2048, intermediate_size=6144,
    moe_intermediate_size=768, num_experts=128, num_experts_per_tok=8, norm_topk_prob=True, decoder_sparse_step=1, mlp_only_layers=[],
    num_attention_heads=32, num_key_value_heads=4, head_dim=128, vocab_size=151936, max_position_embeddings=262144, rope_theta=10000000,
    tie_word_embeddings=False)
SHAPES = {"qwen3-0.6b-4bit": DENSE, "qwen3-30b-a3b-4bit": EXPERTS}
GROUP = 64
SHARD_BYTES = 2 << 30
CHUNK = 4 << 20
BYTES = {"U32": 4, "BF16": 2}
DEMO = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples", "models", "demo")


def tensors(it):
    """(name, type, shape) of all, in the order of the file."""
    hidden, head = it["hidden_size"], it["head_dim"]

    def matrix(name, rows, columns, stack=(), bits=4):
        yield f"{name}.weight", "U32", [*stack, rows, columns * bits // 32]
        yield f"{name}.scales", "BF16", [*stack, rows, columns // GROUP]
        yield f"{name}.biases", "BF16", [*stack, rows, columns // GROUP]

    yield from matrix("model.embed_tokens", it["vocab_size"], hidden)
    for layer in range(it["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"{at}{name}.weight", "BF16", [hidden]
        for name in ("q_norm", "k_norm"):
            yield f"{at}self_attn.{name}.weight", "BF16", [head]
        queries, keys = it["num_attention_heads"] * head, it["num_key_value_heads"] * head
        for name, rows, columns in (("q", queries, hidden), ("k", keys, hidden), ("v", keys, hidden), ("o", hidden, queries)):
            yield from matrix(f"{at}self_attn.{name}_proj", rows, columns)
        stack, width, mlp = (), it["intermediate_size"], f"{at}mlp."
        if "num_experts" in it:
            yield from matrix(f"{mlp}gate", it["num_experts"], hidden, bits=8)
            stack, width, mlp = (it["num_experts"],), it["moe_intermediate_size"], f"{mlp}switch_mlp."
        for name, rows, columns in (("gate", width, hidden), ("up", width, hidden), ("down", hidden, width)):
            yield from matrix(f"{mlp}{name}_proj", rows, columns, stack)
    yield "model.norm.weight", "BF16", [hidden]
    if not it["tie_word_embeddings"]:
        yield from matrix("lm_head", it["vocab_size"], hidden)


def size(type, shape):
    return BYTES[type] * int(numpy.prod(shape))


def shards(all):
    """Lists of tensors, none larger than a shard unless one tensor is."""
    now, bytes = [], 0
    for tensor in all:
        more = size(*tensor[1:])
        if now and bytes + more > SHARD_BYTES:
            yield now
            now, bytes = [], 0
        now.append(tensor)
        bytes += more
    yield now


def contents(name, type, shape, random):
    """Chunks of bytes."""
    left = size(type, shape)
    if type == "U32":
        while left > 0:
            count = min(left, CHUNK)
            yield random.bytes(count)
            left -= count
        return
    # Weights of about the size that training gives them, around zero.
    value = 0.02 / 4.6 if name.endswith(".scales") else -0.02 / 4.6 * 7.5 if name.endswith(".biases") else 1.0
    bf16 = (numpy.full(1, value, numpy.float32).view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()
    while left > 0:
        count = min(left, CHUNK)
        yield bf16 * (count // 2)
        left -= count


def write(path, list, random):
    header, offset = {"__metadata__": {"format": "mlx"}}, 0
    for name, type, shape in list:
        end = offset + size(type, shape)
        header[name] = {"dtype": type, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in list:
            for part in contents(*tensor, random):
                file.write(part)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("directory")
    parser.add_argument("--layers", type=int, help="so many instead of the shape's own")
    parser.add_argument("--tokenizer", default=DEMO, help="a checkpoint whose tokenizer and chat template are taken")
    options = parser.parse_args()
    it = dict(SHAPES[options.shape])
    it["num_hidden_layers"] = options.layers or it["num_hidden_layers"]
    scheme = {"group_size": GROUP, "bits": 4}
    if "num_experts" in it:
        scheme.update({f"model.layers.{n}.mlp.gate": {"group_size": GROUP, "bits": 8} for n in range(it["num_hidden_layers"])})
    config = {**it, "hidden_act": "silu", "rms_norm_eps": 1e-6, "attention_bias": False, "torch_dtype": "bfloat16", "quantization": scheme}

    place = f"{options.directory}.new"
    os.makedirs(place, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if os.path.exists(f"{options.tokenizer}/{name}"):
            shutil.copy(f"{options.tokenizer}/{name}", f"{place}/{name}")
    random = numpy.random.default_rng(1)
    parts = list(shards(tensors(it)))
    index = {}
    for number, part in enumerate(parts):
        name = "model.safetensors" if len(parts) == 1 else f"model-{number + 1:05}-of-{len(parts):05}.safetensors"
        print(f"{name}: {sum(size(*tensor[1:]) for tensor in part) >> 20} MiB", file=sys.stderr)
        write(f"{place}/{name}", part, random)
        index.update({tensor[0]: name for tensor in part})
    if len(parts) > 1:
        with open(f"{place}/model.safetensors.index.json", "w") as file:
            json.dump({"metadata": {"total_size": sum(size(*tensor[1:]) for tensor in tensors(it))}, "weight_map": index}, file)
    with open(f"{place}/config.json", "w") as file:
        json.dump(config, file, indent=1)
    os.rename(place, options.directory)


if __name__ == "__main__":
    main()
