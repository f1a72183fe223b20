# shellcheck shell=bash disable=SC2154
# A stop leaves nothing; what was applied stays known.
fresh
check "stop succeeds" 'systemctl stop anyclaude.service && [ "$(value ActiveState)" = inactive ] && [ "$(value Result)" = success ]'
check "no process is left" '! left >/dev/null'
check "no socket and no runtime folder" '[ ! -e /run/anyclaude/control.sock ] && [ ! -e /run/private/anyclaude ]'
check "no cgroup" '! find /sys/fs/cgroup/system.slice -name "anyclaude.service*" | grep -q .'
check "nothing is kept for a restart" '[ "$(value NFileDescriptorStore)" = 0 ]'
check "no credential" '[ ! -e /run/credentials/anyclaude.service ]'

# What is current starts again; the file is not asked.
rm $configuration
systemctl start anyclaude.service
check "a start without the configuration starts what was applied" 'await 60 is_ready && answers'

# A supervisor that is killed while it stops leaves its services to ExecStopPost.
clean
stubborn
printf '[Service]\nTimeoutStopSec=1s\n' > $drop/stop.conf
systemctl daemon-reload
systemctl start anyclaude.service
check "a stack with a worker that ignores SIGTERM is ready" 'await 60 is_ready'
systemctl stop anyclaude.service
check "a supervisor that takes too long to stop is killed, and its services are swept" '! left >/dev/null && [ "$(value Result)" = timeout ]'

# The same, where it dies by itself in the middle of the stop: no successor comes.
clean
stubborn
systemctl start anyclaude.service
await 60 is_ready
systemctl stop --no-block anyclaude.service
await 20 'journalctl --no-pager -o cat _PID="$(value MainPID)" | grep -q "vllm-mlx: stopping"'
systemctl kill -s KILL --kill-who=main anyclaude.service
await 20 '[ "$(value ActiveState)" = failed ]'
check "the services of a supervisor that died while it stopped are swept" '! left >/dev/null'
left | xargs -r kill -KILL

# `down` ends the service, and nothing starts it again.
fresh
check "down stops the stack and its supervisor" 'anyclaude down && await 30 "[ \"\$(value ActiveState)\" = inactive ]" && ! left >/dev/null && [ "$(value NRestarts)" = 0 ]'
