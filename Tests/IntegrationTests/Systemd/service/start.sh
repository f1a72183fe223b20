# shellcheck shell=bash disable=SC2154
# Notification, the control socket, and a secret that only a credential has.
clean
check "verify prints nothing" '[ -z "$(systemd-analyze verify --recursive-errors=yes anyclaude.service anyclaude.socket 2>&1)" ]'
check "start succeeds" 'systemctl start anyclaude.service'
check "and returned because READY=1 came" '[ "$(value ActiveState)" = active ] && [ "$(value Type)" = notify ] && [ "$(value MainPID)" = "$(status "s[\"pid\"]")" ]'
check "STATUS= says what runs" '[ -n "$(value StatusText)" ]'
check "the services become ready" 'await 60 is_ready'
check "the stack answers who has the token" 'answers'
check "and nobody else" '! ask wrong | grep -q "\"type\": *\"message\"" && ask wrong | grep -q authentication_error'
check "nobody is root" '[ -z "$(left | while read -r pid; do stat -c %u "/proc/$pid"; done | grep -x 0)" ]'
check "the token is in no environment and no command line" '! left | while read -r pid; do cat "/proc/$pid/environ" "/proc/$pid/cmdline"; done | grep -qa "$token"'
check "nor in state, cache, log or runtime folders" '! grep -rqa "$token" /var/lib/private/anyclaude /var/cache/private/anyclaude /var/log/private/anyclaude /run/anyclaude/'
check "nor in the journal, nor in what systemd shows" '! journalctl --no-pager -o export | grep -qa "$token" && ! systemctl show anyclaude.service | grep -q "$token"'
check "nor in what the commands show" '! { anyclaude status --json; anyclaude history; anyclaude logs; } 2>&1 | grep -q "$token"'
check "nothing was needed but the unit: folders of its own, and /etc/anyclaude is root's" '[ -d /var/lib/private/anyclaude ] && [ "$(stat -c %u /etc/anyclaude)" = 0 ]'

# A credential whose source is missing is an error before the service starts, not a proxy without a lock.
systemctl stop anyclaude.service
rm /etc/credstore/proxy-token
check "without the credential's file it does not start" '! systemctl start anyclaude.service 2>/dev/null'
check "with systemd's own word for it" '[ "$(value ExecMainStatus)" = 243 ]'
