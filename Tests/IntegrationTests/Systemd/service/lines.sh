# shellcheck shell=bash disable=SC2154
# The services' own lines, with the fields by which those of one service are found.
fresh
answers
for name in proxy vllm-mlx; do
    check "$name's, by the name of the service" 'await 20 "journalctl --no-pager -o cat ANYCLAUDE_SERVICE=$name | grep -q ."'
    check "$name's, by identifier and instance" 'journalctl --no-pager -o cat SYSLOG_IDENTIFIER=anyclaude-$name ANYCLAUDE_INSTANCE=default | grep -q .'
    check "$name's, as the unit's" 'journalctl --no-pager -o cat -u anyclaude ANYCLAUDE_SERVICE=$name | grep -q .'
done
check "no secret" '! journalctl --no-pager -o export | grep -qa "$token"'
