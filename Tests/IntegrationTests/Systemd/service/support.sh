# For the files beside this one, which inside.sh reads one after the other. `fresh` gives each of them a stack that runs and is ready.
# shellcheck shell=bash
export PATH=/opt/anyclaude/bin:$PATH
failures=0
token=open-sesame-$RANDOM$RANDOM
drop=/etc/systemd/system/anyclaude.service.d
configuration=/etc/anyclaude/.anyclauderc.yaml

check() {
    if eval "$2"; then echo "PASS $1"; else
        echo "FAIL $1: $2"
        # Once, and what led to the first failure.
        [ $failures != 0 ] || { journalctl --no-pager -o short-precise -u anyclaude -u anyclaude.socket | tail -40; anyclaude status; systemctl status --no-pager anyclaude; }
        failures=1
    fi
}
# await SECONDS CONDITION: polls until it holds; the seconds bound a hang.
await() {
    local end=$((SECONDS + $1))
    until eval "$2"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}
value() { systemctl show -p "$1" --value "${2:-anyclaude.service}"; }
# Asks the model something, with the token in $1 (else the right one).
ask() { curl -sS -m 60 -H "x-api-key: ${1-$token}" -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \
    http://127.0.0.1:8788/v1/messages -d '{"model":"claude-local","max_tokens":20,"messages":[{"role":"user","content":"Hello"}]}'; }
answers() { ask | grep -q '"type": *"message"'; }
# status EXPRESSION: of the supervisor's report `s`, with python3.
status() { anyclaude status --json 2>/dev/null | python3 -c "import json,sys; s=json.load(sys.stdin); p={v['name']: v.get('pid') for v in s['services']}; print($1)" 2>/dev/null; }
pids() { status '*sorted(map(str, p.values()))'; }
# Ready, and past the first apply's probation.
is_ready() { [ "$(status "s.get('generation') and len(p) == 2 and all(v['state'] == 'ready' for v in s['services'])")" = True ]; }
# All processes of ours, and the worker that ignores SIGTERM.
left() { pgrep -f '/bin/anyclaude-(supervisor|proxy|runtime)|stubborn[.]py'; }

# write_configuration [SLOTS]
write_configuration() {
    cat > $configuration <<-END
		backend: vllm-mlx
		probation: 200ms
		proxy: { port: 8788, authToken: { credential: proxy-token } }
		backends:
		  vllm-mlx:
		    engine: native
		    port: 8081
		    model: /opt/anyclaude/models/demo
		    contextWindow: 8192
		    cache: { cache_slots: ${1:-10} }
		    replace: overlap
		    health: { startup: { http: /health, timeout: 60s } }
	END
}

# commanded COMMAND STARTUP: a configuration whose worker is any program.
commanded() {
    cat > $configuration <<-END
		backend: vllm-mlx
		probation: 200ms
		proxy: { port: 8788, authToken: { credential: proxy-token } }
		backends:
		  vllm-mlx:
		    kind: vllm-mlx
		    engine: command
		    port: 8081
		    command: $1
		    stop: { timeout: 60s }
		    health: { startup: { http: /, timeout: $2 } }
	END
}
stubborn() {
    cat > /etc/anyclaude/stubborn.py <<-END
		# A worker that ignores SIGTERM.
		import http.server, signal
		signal.signal(signal.SIGTERM, signal.SIG_IGN)
		http.server.HTTPServer(("127.0.0.1", 8081), http.server.SimpleHTTPRequestHandler).serve_forever()
	END
    commanded '[/usr/bin/python3, ./stubborn.py]' 60s
}

# Nothing of an earlier concern: no state, no generation, no extra settings.
clean() {
    systemctl stop anyclaude.socket anyclaude.service
    systemctl reset-failed anyclaude.socket anyclaude.service 2>/dev/null
    rm -rf $drop /var/{lib,cache,log}/anyclaude /var/{lib,cache,log}/private/anyclaude
    mkdir -p /etc/credstore $drop /etc/anyclaude
    chmod 700 /etc/credstore
    printf '%s\n' "$token" | install -m 600 /dev/stdin /etc/credstore/proxy-token
    printf '[Unit]\nStartLimitBurst=20\n[Service]\nLoadCredential=proxy-token:/etc/credstore/proxy-token\n' > $drop/test.conf
    write_configuration
    systemctl daemon-reload
}
fresh() {
    clean
    systemctl start anyclaude.service
    check "$concern: a fresh stack is ready" 'await 60 is_ready'
}
