# shellcheck shell=bash disable=SC2154
# SIGKILL of services: each is back by itself.
fresh
another() { is_ready && [ "$(status "p['$name']")" != "$victim" ]; }
for name in vllm-mlx proxy; do
    victim=$(status "p['$name']")
    kill -KILL "$victim"
    check "$name is back" 'await 60 another'
    check "and the stack answers" 'answers'
done
check "systemd saw nothing of it" '[ "$(value NRestarts)" = 0 ]'
