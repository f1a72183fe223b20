#!/usr/bin/env python3
"""A server of the Anthropic API whose model does what its user tells it: `scripted_upstream.py` in the API's own words.

    scripted_messages.py PORT RECORD [--also PORT]

Of its steps there are those with a text, with a status, with lines, with `close` and with `tries`; `"after"` counts events. Standard library only.
"""
import argparse
import json
import threading

import scripted_upstream as scripted


class Handler(scripted.Handler):
    def answer(self, step, body, results):
        if self.path.partition("?")[0] != "/v1/messages":
            self.whole(404, {"type": "error", "error": {"type": "not_found_error", "message": f"nothing is at {self.path}"}})
        elif "text" not in step:
            super().answer(step, body, results)
        elif body.get("stream"):
            events = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in self.events(step, body)]
            self.stream(events, step.get("after", len(events)), step)
        else:
            self.whole(200, {**self.message(body), "content": [{"type": "text", "text": step["text"]}], "stop_reason": "end_turn",
                             "usage": self.usage(body, step)})

    def message(self, body):
        return {"id": f"msg_scripted_{self.id}", "type": "message", "role": "assistant", "model": body["model"], "content": [], "stop_reason": None,
                "stop_sequence": None}

    def usage(self, body, step):
        usage = super().usage(body, step)
        return {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}

    def events(self, step, body):
        usage = self.usage(body, step)
        yield {"type": "message_start", "message": {**self.message(body), "usage": {**usage, "output_tokens": 1}}}
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for at in range(0, len(step["text"]), 7):
            yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": step["text"][at:at + 7]}}
        yield {"type": "content_block_stop", "index": 0}
        yield {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage}
        yield {"type": "message_stop"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("record")
    parser.add_argument("--also", type=int, metavar="PORT", help="listen there too")
    options = parser.parse_args()
    options.model = "claude-scripted"
    model = scripted.Model(options)
    if options.also:
        threading.Thread(target=scripted.Server(options.also, model, Handler).serve_forever, daemon=True).start()
    scripted.Server(options.port, model, Handler).serve_forever()


if __name__ == "__main__":
    main()
