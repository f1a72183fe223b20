#!/bin/bash
# Runs inside a booted systemd: /opt/anyclaude has bin and config. Installs what `emit systemd` writes, and runs it. Ends with 0 when all held.
set -u
failures=0
check() { if eval "$2"; then echo "PASS $1"; else echo "FAIL $1"; failures=1; fi; }

cp -r /opt/anyclaude/config /srv/emitted
chmod -R a+rX /srv/emitted
printf 'from-file\n' | install -m 600 /dev/stdin /srv/emitted/key
cd /srv/emitted || exit 1
/opt/anyclaude/bin/anyclaude emit systemd --out /
check "the tree was written" '[ -f /etc/systemd/system/anyclaude-emitted.target ]'
check "verify prints nothing" '[ -z "$(systemd-analyze verify --man=no --recursive-errors=yes /etc/systemd/system/anyclaude-emitted* 2>&1)" ]'
install -d -m 700 /etc/anyclaude/emitted/secrets
printf 'from-variable' | install -m 600 /dev/stdin /etc/anyclaude/emitted/secrets/KEY
systemctl daemon-reload

systemctl start anyclaude-emitted.worker.service
check "start returned when the worker answered" 'curl -sS -m 10 http://127.0.0.1:9301/health | grep -q ok'
check "arguments and variables arrived as they are" 'cmp /var/lib/anyclaude-emitted/seen /srv/emitted/expected'
check "the worker is not root" '[ "$(stat -c %u /var/lib/anyclaude-emitted/seen)" != 0 ]'
check "no secret is in what systemd shows" '! systemctl show anyclaude-emitted.worker.service | grep -q "from-file\|from-variable"'
check "the exposure is small" '[ "$(systemd-analyze security --no-pager anyclaude-emitted.worker.service | grep -c "OK :-)")" = 1 ]'
check "the proxy's socket can be had" 'systemctl start anyclaude-emitted.proxy.http.socket && systemctl is-active -q anyclaude-emitted.proxy.http.socket'

status=0
SECONDS=0
systemctl start anyclaude-emitted.dies.service 2>/dev/null || status=$?
check "a worker that ends fails its start, long before the start's deadline" '[ "$status" != 0 ] && [ "$SECONDS" -lt 60 ]'
check "and the journal says what was waited for" 'journalctl -u anyclaude-emitted.dies --no-pager -o cat | grep -q "ended before it answered"'

systemctl start anyclaude-emitted.target
systemctl stop anyclaude-emitted.target
for _ in $(seq 200); do [ -z "$(systemctl list-units --plain --no-legend --state=active,activating,deactivating 'anyclaude-emitted*')" ] && break; sleep 0.05; done
check "the target stops all of it" '[ -z "$(systemctl list-units --plain --no-legend --state=active,activating,deactivating "anyclaude-emitted*")" ]'

# Every service with a dynamic user has a /tmp of its own.
mkdir "/tmp/a b:c"
cp -r /srv/emitted "/tmp/a b:c/below"
cd "/tmp/a b:c/below" || exit 1
/opt/anyclaude/bin/anyclaude emit systemd --instance below --out /
check "verify prints nothing for what is below /tmp" '[ -z "$(systemd-analyze verify --man=no --recursive-errors=yes /etc/systemd/system/anyclaude-below* 2>&1)" ]'
cp -r /etc/anyclaude/emitted/secrets /etc/anyclaude/below/
systemctl daemon-reload
systemctl start anyclaude-below.worker.service
check "a program below /tmp answers" 'curl -sS -m 10 http://127.0.0.1:9301/health | grep -q ok'
check "and was told all it must be" 'sed "s,/srv/emitted,/tmp/a b:c/below," expected | cmp - /var/lib/anyclaude-below/seen'
systemctl stop anyclaude-below.worker.service
exit $failures
