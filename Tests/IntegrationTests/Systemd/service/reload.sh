# shellcheck shell=bash disable=SC2154
# `systemctl reload`: over when the new stack is healthy, failed when it could not be.
fresh
supervisor=$(value MainPID)
proxy=$(status 'p["proxy"]')
worker=$(status 'p["vllm-mlx"]')
write_configuration 5
check "a reload with another worker succeeds" 'systemctl reload anyclaude.service'
# No waiting here: that is what is tested.
check "it came back when all was done" 'is_ready && [ "$(status "s[\"generation\"]")" = 2 ] && [ "$(status "p[\"vllm-mlx\"]")" != "$worker" ]'
check "the old worker is gone" '! [ -d "/proc/$worker" ]'
check "nothing else was touched" '[ "$(value MainPID)" = "$supervisor" ] && [ "$(status "p[\"proxy\"]")" = "$proxy" ] && [ "$(value NRestarts)" = 0 ]'
check "it answers" 'answers'

before=$(pids)
check "a reload without a change succeeds" 'systemctl reload anyclaude.service && [ "$before" = "$(pids)" ] && [ "$(status "s[\"generation\"]")" = 2 ]'

echo 'backends: [' >> $configuration
check "a reload of a file with an error fails" '! systemctl reload anyclaude.service 2>/dev/null'
check "the journal says where it is" 'journalctl -u anyclaude --no-pager -o cat | grep -q "anyclauderc.yaml:1"'
check "and all runs on" '[ "$(value ActiveState)" = active ] && [ "$before" = "$(pids)" ] && answers'

# Healthy never: what ran before comes back, and the reload says so.
commanded '[/bin/sleep, "1000"]' 2s
check "a reload whose worker is never healthy fails" '! systemctl reload anyclaude.service 2>/dev/null'
check "what ran before runs again, ready" 'await 60 is_ready && [ "$(status "s[\"generation\"]")" = 2 ] && answers'
check "the journal says why" 'journalctl -u anyclaude --no-pager -o cat | grep -q "rolled-back: vllm-mlx"'
check "nothing of the other is left" '! pgrep -x sleep -u "$(stat -c %u "/proc/$(value MainPID)")" >/dev/null'

write_configuration 5
before=$(pids)
systemctl kill -s HUP --kill-who=main anyclaude.service
check "SIGHUP converges to what is current, which runs already" \
    'await 20 "is_ready && [ \"\$(value SubState)\" = running ]" && [ "$before" = "$(pids)" ] && [ "$(value MainPID)" = "$supervisor" ]'
