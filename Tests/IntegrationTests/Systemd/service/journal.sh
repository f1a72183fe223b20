# shellcheck shell=bash disable=SC2154
# The supervisor's own lines.
fresh
answers
check "the supervisor's" 'journalctl --no-pager -o cat _PID="$(value MainPID)" | grep -q "generation 1"'
check "those of a command that the unit runs" 'systemctl reload anyclaude.service && journalctl --no-pager -o cat -u anyclaude | grep -q "nothing to do\|unchanged\|applied"'
check "no secret" '! journalctl --no-pager -o export | grep -qa "$token"'
