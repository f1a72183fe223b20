# shellcheck shell=bash disable=SC2154
# Nothing to run: an answer, not a loop.
clean
rm $configuration
check "without generation and configuration it does not start" '! systemctl start anyclaude.service 2>/dev/null'
check "it ends with 78, and is not tried again" '[ "$(value ExecMainStatus)" = 78 ] && [ "$(value ActiveState)" = failed ] && [ "$(value NRestarts)" = 0 ]'
check "and says what is missing" 'journalctl -u anyclaude --no-pager -o cat | grep -q "no configuration $configuration"'
