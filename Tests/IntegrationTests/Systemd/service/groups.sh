# shellcheck shell=bash disable=SC2154
# Each service has a control group of its own below the unit's, and what leaves its service in every other way goes with it.
clean
commanded '[/bin/sh, -c, "(env -i setsid /bin/sh -c \"exec sleep 314159\" &); exec /usr/bin/python3 -m http.server --bind 127.0.0.1 8081"]' 60s
systemctl start anyclaude.service
check "a stack whose worker leaves something is ready" 'await 60 is_ready'
group() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
unit=/system.slice/anyclaude.service
check "the supervisor is in its unit's group" '[ "$(group "$(value MainPID)")" = $unit ]'
for name in vllm-mlx proxy; do
    check "$name has a group" '[ "$(group "$(status "p['"'$name'"']")")" = $unit/default.$name.1 ]'
done
leaver=$(pgrep -f 'sleep 314159')
check "what left is in its service's group" '[ "$(group "$leaver")" = $unit/default.vllm-mlx.1 ]'
anyclaude restart vllm-mlx
check "it ends with its service" '[ ! -e /proc/$leaver ]'
systemctl kill -s KILL --kill-who=main anyclaude.service
check "the next supervisor adopts the service" 'await 60 "[ \"\$(value NRestarts)\" = 1 ] && is_ready"'
systemctl stop anyclaude.service
check "nothing is left" '! pgrep -f "sleep 314159" >/dev/null && ! find /sys/fs/cgroup$unit* 2>/dev/null | grep -q .'
