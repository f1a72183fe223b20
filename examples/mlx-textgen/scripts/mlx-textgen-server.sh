#!/bin/sh
# Starts MLX-Textgen for anyclaude: mlx-textgen-server.sh MODEL PORT LOG
#
# MODEL is a model directory, PORT where it listens on 127.0.0.1, LOG a file that it appends to, or `-` for standard output.
# The cache keys of the configuration arrive as variables: ANYCLAUDE_ENABLE_CACHE, ANYCLAUDE_CACHE_SLOTS,
# ANYCLAUDE_MIN_TOKENS_FOR_CACHE; a virtual environment as VIRTUAL_ENV; the model's id as ANYCLAUDE_MODEL_NAME.
set -eu

if [ $# -ne 3 ]; then
    echo "usage: mlx-textgen-server.sh MODEL PORT LOG" >&2
    exit 64
fi
model=$1 port=$2 log=$3

if [ ! -f "$model/config.json" ]; then
    echo "mlx-textgen-server.sh: no model in $model (config.json is missing)" >&2
    exit 66
fi
program=mlx_textgen
if [ -n "${VIRTUAL_ENV:-}" ]; then program=$VIRTUAL_ENV/bin/mlx_textgen; fi
if ! command -v "$program" >/dev/null 2>&1; then
    echo "mlx-textgen-server.sh: $program is not installed; run: pip install mlx-textgen==0.2.1" >&2
    exit 69
fi

slots=${ANYCLAUDE_CACHE_SLOTS:-10}
min=${ANYCLAUDE_MIN_TOKENS_FOR_CACHE:-100}
# The server refuses to load a model when it may reprocess fewer tokens than it caches from.
reprocess=250
if [ "$min" -gt "$reprocess" ]; then reprocess=$min; fi

# enable_cache has no flag, so everything goes through a file.
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cat > "$directory/config.yaml" <<YAML
model_configs:
  - model_id_or_path: "$model"
    model_name: "${ANYCLAUDE_MODEL_NAME:-$(basename "$model")}"
    enable_cache: ${ANYCLAUDE_ENABLE_CACHE:-true}
host: 127.0.0.1
port: $port
min_tokens: $min
max_reprocess_tokens: $reprocess
max_capacity: $slots
YAML

if [ "$log" = - ]; then
    "$program" serve -cf "$directory/config.yaml" &
else
    mkdir -p "$(dirname "$log")"
    "$program" serve -cf "$directory/config.yaml" >> "$log" 2>&1 &
fi
server=$!
# The shell stays for its trap; what it is told, the server is told.
trap 'kill -TERM "$server" 2>/dev/null' TERM INT
status=0
wait "$server" || status=$?
# A signal ends the first wait early: the server's own end counts.
if kill -0 "$server" 2>/dev/null; then status=0; wait "$server" || status=$?; fi
exit "$status"
