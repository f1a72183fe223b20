#!/usr/bin/env python3
"""Writes a Qwen3 checkpoint of Hugging Face's form, as examples/models/demo, as a GGUF file of 16-bit floats for llama.cpp.

  make_gguf.py CHECKPOINT OUT.gguf        (needs the Python packages gguf and numpy)

llama.cpp knows only its own ways to split a text before the merges; the one below is the nearest to the demo model's. So its token ids are those of
the checkpoint's own tokenizer for words, and not always for punctuation.
"""
import argparse
import json
from pathlib import Path

import gguf
import numpy as np

SPLITTING = "default"
NAMES = {
    "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}


def name(theirs):
    if theirs in NAMES:
        return NAMES[theirs]
    _, _, layer, rest = theirs.split(".", 3)
    return f"blk.{layer}.{NAMES[rest.removesuffix('.weight')]}.weight"


def tensors(path):
    """The tensors of a safetensors file as 32-bit floats."""
    data = np.memmap(path, np.uint8, "r")
    length = int(data[:8].view(np.uint64)[0])
    for key, entry in json.loads(data[8:8 + length].tobytes()).items():
        if key == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        part = np.frombuffer(data[begin:end].tobytes(), {"BF16": np.uint16, "F16": np.float16, "F32": np.float32}[entry["dtype"]])
        if entry["dtype"] == "BF16":
            part = (part.astype(np.uint32) << 16).view(np.float32)
        yield key, part.astype(np.float32).reshape(entry["shape"])


def vocabulary(writer, folder, size, end):
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    tokens, kinds = [f"<unused{n}>" for n in range(size)], [gguf.TokenType.UNUSED] * size
    for token, number in tokenizer["model"]["vocab"].items():
        tokens[number], kinds[number] = token, gguf.TokenType.NORMAL
    for added in tokenizer["added_tokens"]:
        tokens[added["id"]] = added["content"]
        kinds[added["id"]] = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(SPLITTING)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_chat_template(settings["chat_template"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    config = json.loads((options.checkpoint / "config.json").read_text())
    if config["model_type"] != "qwen3":
        parser.error(f"{options.checkpoint} is a {config['model_type']}, not a qwen3")
    writer = gguf.GGUFWriter(options.out, "qwen3")
    writer.add_name(options.checkpoint.name)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    vocabulary(writer, options.checkpoint, config["vocab_size"], config["eos_token_id"])
    for key, values in tensors(options.checkpoint / "model.safetensors"):
        # Vectors stay as they are: norms are not to be rounded.
        writer.add_tensor(name(key), values if values.ndim == 1 else values.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
