"""Sends requests of which most clients leave before the answer's end. Exit code 1 when one that stayed had no whole answer.

    leaving_clients.py HOST PORT REQUESTS
"""

import json
import random
import socket
import sys
import threading


def body(i: int) -> bytes:
    return json.dumps({
        "model": "claude-local", "max_tokens": 60, "temperature": 0, "stream": i % 2 == 0,
        "messages": [{"role": "user", "content": f"Hello, this is client {i} of many. Who are you?"}],
    }).encode()


def request(i: int) -> bytes:
    payload = body(i)
    head = f"POST /v1/messages HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\ncontent-length: {len(payload)}\r\n"
    return (head + "connection: close\r\n\r\n").encode() + payload


def client(i: int, host: str, port: int, dice: random.Random) -> str | None:
    """One client; what was wrong with the answer of one that stayed."""
    with socket.create_connection((host, port), timeout=60) as connection:
        connection.sendall(request(i))
        way = i % 5
        if way == 0:
            return None
        if way == 1:
            connection.recv(1)
            return None
        if way == 2:
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
            return None
        if way == 3:
            # The moment of leaving is what varies, no condition is waited for.
            connection.settimeout(dice.uniform(0.001, 0.1))
            try:
                connection.recv(1 << 16)
            except TimeoutError:
                pass
            return None
        received = b""
        while more := connection.recv(1 << 16):
            received += more
    if not received.startswith(b"HTTP/1.1 200"):
        return f"client {i}: {received[:200]!r}"
    if (b"message_stop" if i % 2 == 0 else b"stop_reason") not in received:
        return f"client {i}: no end: {received[-200:]!r}"
    return None


def main() -> int:
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    faults: list[str] = []
    numbers = iter(range(count))
    lock = threading.Lock()

    def work(seed: int) -> None:
        dice = random.Random(seed)
        while True:
            with lock:
                i = next(numbers, None)
            if i is None:
                return
            try:
                fault = client(i, host, port, dice)
            except OSError as error:
                # Who leaves may be reset; who stays may not.
                fault = f"client {i}: {error}" if i % 5 == 4 else None
            if fault:
                faults.append(fault)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(faults) or "all that stayed were answered")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
