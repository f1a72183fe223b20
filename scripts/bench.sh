#!/bin/sh
# Figures of one run on this machine: only the ratios mean anything elsewhere.
set -eu
bin=$(cd "$1" && pwd)
PATH=$bin:$PATH
ANYCLAUDE_HOME=$(mktemp -d)
export ANYCLAUDE_HOME
trap 'status=$?; anyclaude down >/dev/null 2>&1 || true; rm -rf "$ANYCLAUDE_HOME"; exit $status' EXIT INT TERM
config=examples/quickstart/.anyclauderc.yaml

# The figures that count are those of the program as it is installed, linked statically and stripped.
validate=$bin/anyclaude
if [ -x .build/static/release/anyclaude ]; then
    validate=$ANYCLAUDE_HOME/anyclaude
    strip -o "$validate" .build/static/release/anyclaude
else
    echo "(the dynamic build; \`make install DESTDIR=…\` first measures the one that is installed)"
fi

echo "anyclaude validate beside nginx -t (whole process, wall time)"
if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then
    nginx=$(command -v nginx || echo /usr/sbin/nginx)
    conf=$ANYCLAUDE_HOME/nginx.conf
    printf 'pid %s/nginx.pid;\nerror_log %s/nginx.log;\nevents {}\nhttp { access_log off; server { listen 127.0.0.1:8787; location / { proxy_pass http://127.0.0.1:8081; } } }\n' \
        "$ANYCLAUDE_HOME" "$ANYCLAUDE_HOME" > "$conf"
    python3 scripts/time_pair.py 40 "$validate validate $config" "$nginx -t -q -c $conf"
    # The plan by itself, then with its preflight, which looks at the machine.
    python3 scripts/time_pair.py 40 "$validate plan --no-preflight -f $config" "$validate validate $config"
    python3 scripts/time_pair.py 40 "$validate plan -f $config" "$validate validate $config"
else
    echo "  skipped: nginx is not installed (apt-get install nginx-light)"
fi

echo "10 MB of YAML and of JSON to the checked tree, beside Python's json.loads"
python3 scripts/bench_syntax.py "$bin/anyclaude"

echo "a mebibyte of anything"
python3 scripts/hostile.py "$validate"

echo "time to first token through the proxy, quickstart (seconds; tokens computed / from the KV store)"
anyclaude apply -f $config > "$ANYCLAUDE_HOME/apply.txt" 2>&1
python3 scripts/ask.py http://127.0.0.1:8788 --json > "$ANYCLAUDE_HOME/ask.json"
python3 - "$ANYCLAUDE_HOME/ask.json" <<'PY'
import json, sys
for row in json.load(open(sys.argv[1])):
    u = row["usage"]
    print(f"  {row['ttft']:.3f}  {u['input_tokens'] + u.get('cache_creation_input_tokens', 0):5} / {u.get('cache_read_input_tokens', 0):5}  {row['label'].splitlines()[0]}")
PY

echo "the demo model on requests that its training has not seen (examples/models/training/README.md)"
python3 examples/models/training/evaluate_http.py --base-url http://127.0.0.1:8081
