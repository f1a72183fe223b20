#!/bin/bash
# Runs inside a booted systemd: /opt/anyclaude has bin, models and config. The proxy and the native worker under units of their own,
# without a supervisor. Ends with 0 when all held.
set -u
failures=0
check() { if eval "$2"; then echo "PASS $1"; else echo "FAIL $1"; failures=1; fi; }
await() { for _ in $(seq "$(($1 * 20))"); do eval "$2" && return 0; sleep 0.05; done; return 1; }
ask() { curl -sS -m 60 -H "x-api-key: $1" -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' http://127.0.0.1:8788/v1/messages \
    -d '{"model":"claude-local","max_tokens":40,"messages":[{"role":"user","content":"Hello"}]}'; }
pid() { systemctl show -p MainPID --value "anyclaude-default.$1.service"; }

cp -r /opt/anyclaude/config /srv/own
chmod -R a+rX /srv/own
cd /srv/own || exit 1
/opt/anyclaude/bin/anyclaude emit systemd --out /
systemctl daemon-reload

# A secret that nobody filled is no reason to run without it.
systemctl start anyclaude-default.proxy.service 2>/dev/null
check "the proxy does not start without its token, and is not tried again" '[ "$(systemctl is-active anyclaude-default.proxy.service)" = failed ] && [ "$(systemctl show -p NRestarts --value anyclaude-default.proxy.service)" = 0 ]'
systemctl stop anyclaude-default.target 'anyclaude-default*.socket'
systemctl reset-failed 'anyclaude-default*'

install -d -m 700 /etc/anyclaude/default/secrets
printf 'open-sesame\n' | install -m 600 /dev/stdin /etc/anyclaude/default/secrets/TOKEN
systemctl start anyclaude-default.target
check "the proxy is up" 'await 60 "systemctl is-active -q anyclaude-default.proxy.service"'
check "the worker is up" 'await 60 "systemctl is-active -q anyclaude-default.vllm-mlx.service"'
check "the stack answers" 'ask open-sesame | grep -q "\"type\": *\"message\""'
check "a wrong token is refused" 'ask other | grep -q authentication_error'
check "the secret is in no argument and no variable" '! tr "\\0" "\\n" < "/proc/$(pid proxy)/environ" | grep -q open-sesame'
check "no supervisor runs" '! pgrep -f anyclaude-supervisor >/dev/null'
check "nobody is root" '[ "$(stat -c %u "/proc/$(pid proxy)")" != 0 ] && [ "$(stat -c %u "/proc/$(pid vllm-mlx)")" != 0 ]'

before=$(pid vllm-mlx)
kill -9 "$before"
check "a killed worker is back" 'await 60 "[ \"\$(pid vllm-mlx)\" != 0 ] && [ \"\$(pid vllm-mlx)\" != $before ] && systemctl is-active -q anyclaude-default.vllm-mlx.service"'
check "and answers" 'ask open-sesame | grep -q "\"type\": *\"message\""'

systemctl stop anyclaude-default.target
check "the target stops all of it" 'await 30 "! pgrep -f anyclaude-proxy && ! pgrep -f anyclaude-runtime"'
[ $failures = 0 ] || journalctl --no-pager -o cat -u 'anyclaude-default*' | tail -60
exit $failures
