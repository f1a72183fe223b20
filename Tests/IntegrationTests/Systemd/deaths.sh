#!/bin/bash
# Runs inside a booted systemd: /opt/anyclaude has bin and config; the unit is installed. Kills the supervisor $1 times under load: each time it
# is back within a second, no worker is lost, and no line of output. Ends with 0 when all held.
set -u
kills=$1
export PATH=/opt/anyclaude/bin:$PATH
value() { systemctl show -p "$1" --value anyclaude.service; }
ready() { anyclaude status --json 2>/dev/null | python3 -c '
import json, sys
text = sys.stdin.read()
services = json.loads(text)["services"] if text else []
if not services or any(service["state"] != "ready" for service in services): sys.exit(1)
print(*sorted(service["pid"] for service in services))'; }
# Waits until the condition $2 holds, at most $1 seconds.
await() { for _ in $(seq "$(($1 * 100))"); do eval "$2" && return 0; sleep 0.01; done; return 1; }
now() { date +%s%3N; }
fail() { echo "FAIL $1"; journalctl -u anyclaude --no-pager -o cat | tail -40; exit 1; }

mkdir -p /etc/anyclaude /etc/systemd/system/anyclaude.service.d
cp /opt/anyclaude/config/.anyclauderc.yaml /etc/anyclaude/
chmod -R a+rX /etc/anyclaude
# So many deaths in so little time are what the start limit is there for.
printf '[Unit]\nStartLimitIntervalSec=0\n' > /etc/systemd/system/anyclaude.service.d/deaths.conf
systemctl daemon-reload
systemctl start anyclaude.service || fail "the first start"
await 30 'before=$(ready)' || fail "the stack"
slowest=0
total=0
for round in $(seq "$kills"); do
    pid=$(value MainPID)
    start=$(now)
    kill -9 "$pid"
    await 20 '[ "$(value MainPID)" != "$pid" ] && [ "$(value ActiveState)" = active ]' || fail "round $round: no supervisor"
    took=$(($(now) - start))
    total=$((total + took))
    [ "$took" -gt "$slowest" ] && slowest=$took
    await 20 'after=$(ready)' || fail "round $round: not ready"
    [ "$before" = "$after" ] || fail "round $round: workers were lost: $before, $after"
done
systemctl stop anyclaude.service
lines=0
for log in /var/log/anyclaude/talker*.log; do
    counted=$(python3 - "$log" <<'PY'
import re, sys
numbers = [int(found) for found in re.findall(rb"^line (\d+)$", open(sys.argv[1], "rb").read(), re.M)]
missing = next((n for n, found in enumerate(numbers, 1) if found != n), None)
print(len(numbers) if missing is None and numbers else f"line {missing} is missing in {sys.argv[1]}")
PY
    )
    case $counted in *[!0-9]*) fail "$counted" ;; esac
    lines=$((lines + counted))
done
echo "PASS $kills deaths: back after $((total / kills)) ms, at most $slowest; no worker lost, all $lines lines there"
[ "$slowest" -le "${2:-1000}" ] || fail "it took $slowest ms"
