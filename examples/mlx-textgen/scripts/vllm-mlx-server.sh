#!/bin/sh
# Stands for the server that the migration left behind: it starts, and never answers.
echo "vllm-mlx-server: mlx_lm has no cache API; giving up" >&2
exit 1
