# shellcheck shell=bash disable=SC2154
# SIGKILL of the supervisor: its services serve on, and the next one adopts them.
fresh
before=$(pids)
systemctl kill -s KILL --kill-who=main anyclaude.service
check "the stack answers while there is none, or just after" 'answers'
check "a killed supervisor is back" 'await 30 "[ \"\$(value NRestarts)\" = 1 ] && [ \"\$(value ActiveState)\" = active ]"'
check "its services lived on and were adopted" 'await 30 is_ready && [ "$before" = "$(pids)" ]'
check "they answer" 'answers'
check "the listener came back from systemd" '[ "$(value NFileDescriptorStore)" -ge 1 ]'

proxy=$(status 'p["proxy"]')
worker=$(status 'p["vllm-mlx"]')
kill -KILL "$worker"
another() { is_ready && [ "$(status 'p["vllm-mlx"]')" != "$worker" ]; }
check "an adopted service that is killed is started again" 'await 60 another && answers'
check "and no other" '[ "$(status "p[\"proxy\"]")" = "$proxy" ]'

for round in 2 3; do
    systemctl kill -s KILL --kill-who=main anyclaude.service
    check "a crash again, number $round" 'await 30 "[ \"\$(value NRestarts)\" = $round ] && is_ready"'
done
check "nothing runs twice" '[ "$(left | wc -l)" = 3 ]'
check "it answers" 'answers'
