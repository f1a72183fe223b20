# shellcheck shell=bash disable=SC2154
# The drop-in for systemd 253 and later: the reload is over when both the command and the supervisor say so.
version=$(systemctl --version | awk 'NR == 1 { print $2 }')
if [ "$version" -lt 253 ]; then
    echo "SKIP notify-reload: systemd $version does not know it"
else
    clean
    cp /opt/anyclaude/share/anyclaude/anyclaude-notify-reload.conf $drop/notify-reload.conf
    systemctl daemon-reload
    check "verify prints nothing" '[ -z "$(systemd-analyze verify --recursive-errors=yes anyclaude.service 2>&1)" ]'
    systemctl start anyclaude.service
    check "the type is known, and the stack ready" '[ "$(value Type)" = notify-reload ] && await 60 is_ready'
    worker=$(status 'p["vllm-mlx"]')
    write_configuration 5
    check "a reload with another worker succeeds" 'systemctl reload anyclaude.service'
    check "it came back when all was done" 'is_ready && [ "$(status "s[\"generation\"]")" = 2 ] && ! [ -d "/proc/$worker" ]'
    echo 'backends: [' >> $configuration
    check "a reload of a file with an error fails, and all runs on" '! systemctl reload anyclaude.service 2>/dev/null && is_ready && answers'
fi
