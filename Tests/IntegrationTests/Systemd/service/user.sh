# shellcheck shell=bash disable=SC2154
# The units of a user's own manager. It runs as a service, without a login.
clean
systemctl stop anyclaude.service anyclaude.socket
useradd --create-home somebody
owner=$(id -u somebody)
install -d -m 700 -o somebody -g somebody /run/user /run/user/"$owner"
chmod 755 /run/user
systemd-run --quiet --unit=manager --uid=somebody --property=Delegate=yes --property=Type=notify --property=NotifyAccess=all \
    --setenv=XDG_RUNTIME_DIR=/run/user/"$owner" --setenv=HOME=/home/somebody /lib/systemd/systemd --user
as_user() { setpriv --reuid=somebody --regid=somebody --init-groups -- env -i PATH="$PATH" HOME=/home/somebody XDG_RUNTIME_DIR=/run/user/"$owner" LANG=C.UTF-8 "$@"; }
theirs() { as_user systemctl --user show -p "$1" --value "${2:-anyclaude.service}"; }
their_pids() { as_user anyclaude status --json 2>/dev/null | python3 -c 'import json,sys; print(*sorted(str(v["pid"]) for v in json.load(sys.stdin)["services"] if v["state"] == "ready"))' 2>/dev/null; }
as_user mkdir -p /home/somebody/.config/anyclaude
write_configuration
as_user tee /home/somebody/.config/anyclaude/.anyclauderc.yaml < $configuration >/dev/null
as_user mkdir -p /home/somebody/.config/systemd/user/anyclaude.service.d
as_user tee /home/somebody/.config/proxy-token <<< "$token" >/dev/null
as_user tee /home/somebody/.config/systemd/user/anyclaude.service.d/test.conf >/dev/null <<'END'
[Service]
LoadCredential=proxy-token:%h/.config/proxy-token
END

as_user systemctl --user daemon-reload
check "verify prints nothing" '[ -z "$(as_user systemd-analyze --user verify --recursive-errors=yes anyclaude.service anyclaude.socket 2>&1)" ]'
as_user systemctl --user start anyclaude.socket
check "the user's socket listens" '[ "$(theirs SubState anyclaude.socket)" = listening ] && [ "$(theirs ActiveState)" = inactive ]'
check "a request starts the user's stack" 'answers'
check "the commands mean it" 'as_user anyclaude status >/dev/null && [ -S /run/user/$owner/anyclaude/control.sock ] && [ -d /home/somebody/.anyclaude ]'
check "its services become ready" 'await 60 "[ \"\$(their_pids | wc -w)\" = 2 ]"'
before=$(their_pids)
as_user systemctl --user kill -s KILL --kill-who=main anyclaude.service
check "a killed supervisor is back with its services" 'await 30 "[ \"\$(theirs NRestarts)\" = 1 ] && [ \"\$(their_pids)\" = \"$before\" ]"'
sed -i 's/cache_slots: 10/cache_slots: 5/' /home/somebody/.config/anyclaude/.anyclauderc.yaml
check "a reload applies the file" 'as_user systemctl --user reload anyclaude.service && [ "$(their_pids | wc -w)" = 2 ] && [ "$(their_pids)" != "$before" ] && answers'
as_user systemctl --user stop anyclaude.socket anyclaude.service
check "a stop leaves nothing" '[ "$(theirs ActiveState)" = inactive ] && ! left >/dev/null'
systemctl stop manager.service

# Root's own manager beside the machine's service, which root's commands would reach first.
fresh
install -d -m 700 /run/user/0 /root/.config/anyclaude /root/.config/systemd/user/anyclaude.service.d
sed 's/port: 8788/port: 8789/; s/port: 8081/port: 8082/' $configuration > /root/.config/anyclaude/.anyclauderc.yaml
printf '[Service]\nLoadCredential=proxy-token:/etc/credstore/proxy-token\n' > /root/.config/systemd/user/anyclaude.service.d/test.conf
systemd-run --quiet --unit=manager-of-root --property=Delegate=yes --property=Type=notify --property=NotifyAccess=all \
    --setenv=XDG_RUNTIME_DIR=/run/user/0 --setenv=HOME=/root /lib/systemd/systemd --user
by_root() { env -i PATH="$PATH" HOME=/root XDG_RUNTIME_DIR=/run/user/0 LANG=C.UTF-8 "$@"; }
# Past the first apply's probation: a reload in it is refused.
own_pids() { by_root ANYCLAUDE_SCOPE=user anyclaude status --json 2>/dev/null | python3 -c 'import json,sys; s=json.load(sys.stdin); print(*sorted(str(v["pid"]) for v in s["services"] if v["state"] == "ready" and s.get("generation")))' 2>/dev/null; }
before=$(pids)
check "root's own stack starts" 'by_root systemctl --user start anyclaude.service && await 60 "[ \"\$(own_pids | wc -w)\" = 2 ]"'
own=$(own_pids)
check "each of its services has a control group" 'grep -q "/anyclaude.service/default.proxy.1$" /proc/"$(by_root pgrep -P "$(by_root systemctl --user show -p MainPID --value anyclaude.service)" anyclaude-prox)"/cgroup'
sed -i 's/cache_slots: 10/cache_slots: 5/' /root/.config/anyclaude/.anyclauderc.yaml
check "its reload reaches it" 'by_root systemctl --user reload anyclaude.service && [ "$(own_pids | wc -w)" = 2 ] && [ "$(own_pids)" != "$own" ]'
check "and not the machine's" '[ "$(status "s[\"generation\"]")" = 1 ] && [ "$(pids)" = "$before" ] && answers'
by_root systemctl --user stop anyclaude.service
systemctl stop anyclaude.service anyclaude.socket
check "a stop of both leaves nothing" '! left >/dev/null'
systemctl stop manager-of-root.service
