# shellcheck shell=bash disable=SC2154
# Whose lines are in the journal.
fresh
answers
check "the supervisor's" 'journalctl --no-pager -o cat _PID="$(value MainPID)" | grep -q .'
# With the fields by which the lines of one service are found; a program without that support has none.
if [ -n "${SERVICE_LINES:-}" ]; then
    for name in proxy vllm-mlx; do
        check "$name's, by the name of the service" 'await 20 "journalctl --no-pager -o cat ANYCLAUDE_SERVICE=$name | grep -q ."'
        check "$name's, by identifier and instance" 'journalctl --no-pager -o cat SYSLOG_IDENTIFIER=anyclaude-$name ANYCLAUDE_INSTANCE=default | grep -q .'
        check "$name's, with the unit's" 'journalctl --no-pager -o cat -u anyclaude ANYCLAUDE_SERVICE=$name | grep -q .'
    done
fi
check "no secret" '! journalctl --no-pager -o export | grep -qa "$token"'
