#!/usr/bin/env python3
"""Stands for the server that the migration left behind: it starts, says why it cannot serve, and ends."""
import sys

sys.exit("vllm-mlx-server: the KV cache that this server was written for does not exist in mlx_lm; giving up")
