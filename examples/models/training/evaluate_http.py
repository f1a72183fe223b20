"""Runs the evaluation against an OpenAI-compatible server. Standard library only.

    python3 evaluate_http.py --base-url http://127.0.0.1:8080 [--model ID] [--limit N] [--no-filler] [--json]

Posts to BASE_URL/v1/chat/completions at temperature 0 and prints the same table
as evaluate.py. Exit code 0 when every target is met, 1 when one is missed, 2
when the server cannot be used.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scoring  # noqa: E402


class Server:
    """Replies of a server."""

    def __init__(self, base: str, model: str | None, timeout: float, key: str | None) -> None:
        base = base.rstrip("/")
        self.base = base if base.endswith("/v1") else base + "/v1"
        self.url = self.base + "/chat/completions"
        self.model, self.timeout, self.key = model, timeout, key
        self.prompt_tokens: list[int] = []
        # straight to the server: a proxy of the environment has no say here
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(self, url: str, body: dict | None = None) -> dict:
        """One request and its JSON answer."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.key}"} if self.key else {})}
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        with self.opener.open(urllib.request.Request(url, data, headers), timeout=self.timeout) as response:
            return json.load(response)

    def __call__(self, messages: list[dict], tools: list[dict]) -> dict:
        if self.model is None:
            self.model = self.send(self.base + "/models")["data"][0]["id"]
        body: dict = {"model": self.model, "messages": messages, "temperature": 0, "max_tokens": 400, "stream": False}
        if tools:
            body["tools"] = tools
        answer = self.send(self.url, body)
        if "usage" in answer and answer["usage"]:
            self.prompt_tokens.append(answer["usage"].get("prompt_tokens") or 0)
        return answer["choices"][0]["message"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--model", help="default: the first one of /v1/models")
    parser.add_argument("--limit", type=int, help="only the first N requests of each part")
    parser.add_argument("--no-filler", action="store_true", help="leave out the part with 2,000 tokens before the request")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--api-key", default=os.environ.get("ANYCLAUDE_API_KEY"))
    parser.add_argument("--json", action="store_true", help="print figures, failures and replies as JSON")
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    server = Server(args.base_url, args.model, args.timeout, args.api_key)
    try:
        result = scoring.evaluate(server, args.limit, not args.no_filler, (lambda s: None) if args.quiet else (lambda s: print(s, file=sys.stderr, flush=True)))
    except urllib.error.HTTPError as error:
        print(f"{server.url}: HTTP {error.code}: {error.read().decode(errors='replace')[:500]}", file=sys.stderr)
        return 2
    except (OSError, LookupError, TypeError, ValueError, http.client.HTTPException) as error:
        print(f"{server.url}: {error}", file=sys.stderr)
        return 2
    if args.json:
        result["prompt_tokens"] = {"largest": max(server.prompt_tokens, default=0)}
        print(json.dumps(result, ensure_ascii=False))
    else:
        print(scoring.table(result))
    return 0 if scoring.met(result) else 1


if __name__ == "__main__":
    sys.exit(main())
