#!/bin/sh
# The main job on real input: plan, apply, ask, break, roll back, stop. State goes to a folder of its own, removed at the end.
set -eu
bin=$(cd "$1" && pwd)
PATH=$bin:$PATH
ANYCLAUDE_HOME=$(mktemp -d)
export ANYCLAUDE_HOME
config=examples/quickstart/.anyclauderc.yaml
started=no
finish() {
    status=$?
    trap - EXIT INT TERM
    if [ $started = yes ]; then anyclaude down || status=$?; fi
    rm -rf "$ANYCLAUDE_HOME"
    exit $status
}
trap finish EXIT INT TERM
step() { printf '\n\033[1m── %s\033[0m\n' "$*"; }

step "anyclaude plan: what would be done"
anyclaude plan -f $config

step "anyclaude apply: do it, and wait until it is healthy"
started=yes
anyclaude apply -f $config

step "an agent through /v1/messages: time to first token, and what each cache layer did"
python3 scripts/ask.py http://127.0.0.1:8788

step "a mistake: the start-up probe asks for a path that does not exist"
diff $config examples/quickstart/.anyclauderc.broken.yaml | grep '^[<>]' | grep startup || true
result=0
anyclaude apply -f examples/quickstart/.anyclauderc.broken.yaml || result=$?
echo "exit code $result (4: rolled back, the earlier generation runs)"
[ $result = 4 ]

step "anyclaude status: the good generation still serves"
anyclaude status
anyclaude history

step "anyclaude down"
started=no
anyclaude down
