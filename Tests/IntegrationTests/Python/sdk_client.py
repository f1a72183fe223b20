"""The official SDK against an applied stack: message, stream, tool round trip, count_tokens. Exit 0 when all passed."""
import sys

import anthropic

base_url = sys.argv[1]
client = anthropic.Anthropic(base_url=base_url, api_key="local", max_retries=0, timeout=60)
MODEL = "claude-local"
TOOLS = [{
    "name": "Bash",
    "description": "Runs a command in a shell and returns what it prints.",
    "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}]
QUESTION = {"role": "user", "content": "Run `ls src/core` and tell me what it prints."}


def message():
    answer = client.messages.create(model=MODEL, max_tokens=200, messages=[{"role": "user", "content": "Hello"}])
    assert answer.type == "message" and answer.role == "assistant" and answer.id.startswith("msg_"), answer
    assert answer.content[0].type == "text" and answer.content[0].text.strip(), answer
    assert answer.stop_reason == "end_turn", answer
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0, answer.usage


def stream():
    with client.messages.stream(model=MODEL, max_tokens=200, messages=[{"role": "user", "content": "Hi, who are you?"}]) as events:
        text = "".join(events.text_stream)
        final = events.get_final_message()
    assert text.strip() and text == final.content[0].text, (text, final)
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 0, final


def tools():
    first = client.messages.create(model=MODEL, max_tokens=200, tools=TOOLS, messages=[QUESTION])
    assert first.stop_reason == "tool_use", first
    call = next(block for block in first.content if block.type == "tool_use")
    assert call.name == "Bash" and call.input == {"command": "ls src/core"}, call
    second = client.messages.create(model=MODEL, max_tokens=200, tools=TOOLS, messages=[
        QUESTION, {"role": "assistant", "content": first.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "engine.c\nmatrix.h"}]},
    ])
    text = "".join(block.text for block in second.content if block.type == "text")
    assert "engine.c" in text and "matrix.h" in text, second
    with client.messages.stream(model=MODEL, max_tokens=200, tools=TOOLS, messages=[QUESTION]) as events:
        streamed = events.get_final_message()
    assert [b.model_dump(exclude={"id"}) for b in streamed.content] == [b.model_dump(exclude={"id"}) for b in first.content], streamed


def count():
    short = client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Hello"}]).input_tokens
    long = client.messages.count_tokens(model=MODEL, tools=TOOLS, messages=[QUESTION]).input_tokens
    used = client.messages.create(model=MODEL, max_tokens=1, messages=[{"role": "user", "content": "Hello"}]).usage
    total = used.input_tokens + (used.cache_read_input_tokens or 0) + (used.cache_creation_input_tokens or 0)
    assert short == total and long > short, (short, long, used)


def models():
    assert len(list(client.models.list())) >= 1


def errors():
    try:
        client.messages.create(model=MODEL, max_tokens=10, messages=[])
    except anthropic.BadRequestError as error:
        assert error.body["error"]["type"] == "invalid_request_error", error.body
    else:
        raise AssertionError("an empty conversation was accepted")


for step in (message, stream, tools, count, models, errors):
    step()
    print(f"{step.__name__}: passed", flush=True)
print("all passed")
