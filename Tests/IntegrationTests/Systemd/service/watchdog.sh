# shellcheck shell=bash disable=SC2154
# A supervisor that hangs: systemd ends it, and its successor adopts the services.
clean
printf '[Service]\nWatchdogSec=1s\n' > $drop/watchdog.conf
systemctl daemon-reload
systemctl start anyclaude.service
check "the services become ready" 'await 60 is_ready'
# Longer than the watchdog's time: it is fed.
check "a supervisor that lives feeds it" '! await 3 "[ \"\$(value NRestarts)\" != 0 ]" && [ "$(value WatchdogUSec)" = 1s ]'
before=$(pids)
hung=$(value MainPID)
kill -STOP "$hung"
check "the stack answers while the supervisor hangs" 'answers'
check "systemd ends it and starts another" 'await 30 "[ \"\$(value NRestarts)\" = 1 ] && [ \"\$(value ActiveState)\" = active ] && [ \"\$(value MainPID)\" != $hung ]"'
check "the hung one is gone" '! [ -d "/proc/$hung" ]'
check "the journal says why" 'journalctl -u anyclaude --no-pager -o cat | grep -qi "watchdog timeout"'
check "the services were adopted" 'await 30 is_ready && [ "$before" = "$(pids)" ] && answers'
