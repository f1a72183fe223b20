#!/bin/bash
# Runs inside a booted systemd: /opt/anyclaude has bin, models and config; the unit is installed. Ends with 0 when all held.
set -u
failures=0
check() { if eval "$2"; then echo "PASS $1"; else echo "FAIL $1"; failures=1; fi; }
value() { systemctl show -p "$1" --value anyclaude.service; }
# Waits until the condition $2 holds, at most $1 seconds.
await() { for _ in $(seq "$(($1 * 20))"); do eval "$2" && return 0; sleep 0.05; done; return 1; }
ask() { curl -sS -m 60 -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' http://127.0.0.1:8788/v1/messages \
    -d '{"model":"claude-local","max_tokens":40,"messages":[{"role":"user","content":"Hello"}]}'; }
pids() { anyclaude status --json | python3 -c 'import json,sys; print(*[s["pid"] for s in json.load(sys.stdin)["services"]])'; }
export PATH=/opt/anyclaude/bin:$PATH

mkdir -p /etc/anyclaude
cp /opt/anyclaude/config/.anyclauderc.yaml /etc/anyclaude/
chmod -R a+rX /etc/anyclaude
systemctl daemon-reload
systemctl start anyclaude.service
check "READY=1 came, so start returned" '[ "$(value ActiveState)" = active ]'
check "STATUS= says what runs" '[ -n "$(value StatusText)" ]'
check "the CLI finds the service's own socket" 'anyclaude status'
await 60 'anyclaude status --json | grep -q "\"state\": *\"ready\""'
check "the stack answers" 'ask | grep -q "\"type\": *\"message\""'

before=$(pids)
systemctl kill -s SIGKILL --kill-who=main anyclaude.service
await 20 '[ "$(value NRestarts)" -ge 1 ] && [ "$(value ActiveState)" = active ]'
check "a killed supervisor is back" '[ "$(value ActiveState)" = active ]'
check "its services lived on and were adopted" '[ "$before" = "$(pids)" ]'
check "and still answer" 'ask | grep -q "\"type\": *\"message\""'
check "the journal has the supervisor's lines" 'journalctl -u anyclaude --no-pager -o cat | grep -q .'

systemctl stop anyclaude.service
check "stopped" '[ "$(value ActiveState)" = inactive ]'
check "nothing is left" '! pgrep -f anyclaude- >/dev/null'

rm /etc/anyclaude/.anyclauderc.yaml
rm -rf /var/lib/anyclaude /var/lib/private/anyclaude
systemctl start anyclaude.service 2>/dev/null
check "without generation and configuration it ends with 78" '[ "$(value ExecMainStatus)" = 78 ]'
check "and is not started again" '[ "$(value ActiveState)" = failed ]'
[ $failures = 0 ] || { journalctl -u anyclaude --no-pager -o cat | tail -60; anyclaude status; ls -la /run/anyclaude /var/lib/anyclaude; }
exit $failures
