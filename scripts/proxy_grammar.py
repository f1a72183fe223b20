"""What the Messages API may answer: the grammar of a stream, the shape of a message and of an error. Strict: what is not known is refused."""

import json

ERRORS = {
    "invalid_request_error", "authentication_error", "permission_error", "not_found_error", "conflict_error", "request_too_large", "rate_limit_error", "api_error",
    "overloaded_error", "timeout_error", "billing_error",
}
DELTAS = {"text": {"text_delta"}, "thinking": {"thinking_delta", "signature_delta"}, "tool_use": {"input_json_delta"}}
TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature", "input_json_delta": "partial_json"}


class Malformed(Exception):
    """Not what the API promises."""


def demand(holds, what):
    if not holds:
        raise Malformed(what)


def error_of(value):
    error = value.get("error")
    demand(isinstance(error, dict) and error.get("type") in ERRORS and isinstance(error.get("message"), str), f"no error of the API: {value}"[:300])
    return error


def read_whole(status, body):
    """The message, or the error, of an answer that is not a stream."""
    try:
        value = json.loads(body)
    except ValueError:
        raise Malformed(f"not JSON: {status} {body[:200]!r}") from None
    if status != 200:
        demand(value.get("type") == "error", f"{status} without an error: {value}"[:300])
        return None, error_of(value)
    demand(value.get("type") == "message" and value.get("role") == "assistant" and isinstance(value.get("content"), list), f"no message: {value}"[:300])
    demand(value.get("stop_reason") is not None and isinstance(value.get("usage"), dict), f"an unfinished message: {value}"[:300])
    return value, None


def events(body):
    demand(body.endswith(b"\n\n"), f"the last event has no end: {body[-100:]!r}")
    for block in body[:-2].split(b"\n\n"):
        lines = block.split(b"\n")
        demand(len(lines) == 2 and lines[0].startswith(b"event: ") and lines[1].startswith(b"data: "), f"not an event: {block[:200]!r}")
        try:
            value = json.loads(lines[1][6:])
        except ValueError:
            raise Malformed(f"an event that is not JSON: {block[:200]!r}") from None
        demand(value.get("type") == lines[0][7:].decode(), f"an event of two names: {block[:200]!r}")
        yield value


def read_events(status, body):
    """The message, or the error that ends it."""
    demand(status == 200, f"a stream of status {status}")
    message, block, over = None, None, False
    for event in events(body):
        demand(not over, f"after the end: {event}"[:300])
        kind = event["type"]
        if kind == "ping":
            continue
        if kind == "error":
            return None, error_of(event)
        if kind == "message_start":
            demand(message is None, "two beginnings")
            message = event["message"]
            demand(message.get("id", "").startswith("msg_") and message.get("content") == [] and isinstance(message.get("usage"), dict), f"{message}"[:300])
            continue
        demand(message is not None, f"{kind} before the beginning")
        if kind == "content_block_start":
            demand(block is None and event["index"] == len(message["content"]), f"a block out of turn: {event}"[:300])
            block = event["content_block"]
            demand(block.get("type") in DELTAS, f"an unknown block: {block}"[:300])
            message["content"].append(block)
            block["pieces"] = []
        elif kind == "content_block_delta":
            demand(block is not None and event["index"] == len(message["content"]) - 1, f"a delta of no block: {event}"[:300])
            delta = event["delta"]
            demand(delta.get("type") in DELTAS[block["type"]], f"a delta of another kind: {event}"[:300])
            if delta["type"] != "signature_delta":
                block["pieces"].append(delta[TEXTS[delta["type"]]])
        elif kind == "content_block_stop":
            demand(block is not None and event["index"] == len(message["content"]) - 1, f"an end of no block: {event}"[:300])
            block = None
        elif kind == "message_delta":
            demand(block is None and event["delta"].get("stop_reason") and isinstance(event.get("usage"), dict), f"{event}"[:300])
            message["stop_reason"] = event["delta"]["stop_reason"]
        elif kind == "message_stop":
            demand(message.get("stop_reason") is not None, "an end without a reason")
            over = True
        else:
            raise Malformed(f"an unknown event: {event}"[:300])
    demand(over, f"a stream without an end: {body[-200:]!r}")
    for block in message["content"]:
        text = "".join(block.pop("pieces"))
        if block["type"] == "tool_use":
            block["input"] = json.loads(text or "{}")
        else:
            block[block["type"]] = text
    return message, None


def answer_text(message):
    """What it says: its texts, or the command of its call."""
    calls = [block["input"].get("command", "") for block in message["content"] if block["type"] == "tool_use"]
    return "".join(calls or [block["text"] for block in message["content"] if block["type"] == "text"])
