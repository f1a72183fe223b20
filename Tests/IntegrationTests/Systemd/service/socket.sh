# shellcheck shell=bash disable=SC2154
# Socket activation: systemd holds the port, and a connection starts the service.
clean
systemctl start anyclaude.socket
check "the socket listens, and nothing runs" '[ "$(value ActiveState)" = inactive ] && [ "$(value SubState anyclaude.socket)" = listening ] && ! left >/dev/null'
check "a request starts the service and is answered" 'answers'
check "it was the socket that started it" '[ "$(value TriggeredBy)" = anyclaude.socket ] && [ "$(value ActiveState)" = active ]'
inode=$(awk '$2 == "0100007F:2254" && $4 == "0A" { print $10 }' /proc/net/tcp)
# The flags of the listener that process $1 has, octal.
flags() {
    local fd
    for fd in /proc/"$1"/fd/*; do
        if [ "$(readlink "$fd")" = "socket:[$inode]" ]; then awk '/^flags:/ { print $2 }' "/proc/$1/fdinfo/${fd##*/}"; return; fi
    done
}
does_not_block() { local flags; flags=$(flags "$1"); [ -n "$flags" ] && [ $((8#${flags#0} & 8#4000)) != 0 ]; }
proxy=$(status 'p["proxy"]')
check "there is one listener, and the proxy has systemd's" '[ "$(wc -w <<< "$inode")" = 1 ] && does_not_block "$proxy" && does_not_block 1'

check "the services become ready" 'await 60 is_ready'
before=$(pids)
systemctl kill -s KILL --kill-who=main anyclaude.service
check "a killed supervisor comes back" 'await 30 "[ \"\$(value NRestarts)\" = 1 ] && is_ready"'
check "with the same services" '[ "$before" = "$(pids)" ]'
check "whose listener systemd has not made one that blocks" 'does_not_block "$proxy"'
check "and they answer" 'answers && answers'

# A change of the proxy is served on systemd's listener too.
sed -i 's/port: 8788,/port: 8788, responseCache: { ttl: 7m },/' $configuration
check "a reload that replaces the proxy succeeds" 'systemctl reload anyclaude.service'
check "the proxy is another one, on the same listener" '[ "$(status "p[\"proxy\"]")" != "$proxy" ] && [ -n "$(flags "$(status "p[\"proxy\"]")")" ] && answers'

systemctl stop anyclaude.service
check "after a stop nothing runs" '[ "$(value ActiveState)" = inactive ] && ! left >/dev/null'
check "but the socket listens" '[ "$(value SubState anyclaude.socket)" = listening ]'
check "and starts it again" 'answers'
systemctl stop anyclaude.socket anyclaude.service
check "both stopped, the port is free" '! curl -sS -m 5 http://127.0.0.1:8788/ 2>/dev/null'

# Of a socket unit with several addresses, systemd passes all listeners under one name.
mkdir -p /etc/systemd/system/anyclaude.socket.d
printf '[Socket]\nListenStream=[::1]:8788\n' > /etc/systemd/system/anyclaude.socket.d/second.conf
clean
systemctl start anyclaude.socket
check "the proxy gets its own of several listeners" 'answers'
systemctl stop anyclaude.socket anyclaude.service
rm -r /etc/systemd/system/anyclaude.socket.d
systemctl daemon-reload
