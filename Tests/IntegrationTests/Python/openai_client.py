"""The official SDK of OpenAI against a native worker of its own: `openai_client.py PROGRAM MODEL`. Exit 0 when all passed."""
import json
import re
import subprocess
import sys
import threading

import openai

program, model_folder = sys.argv[1:3]
MESSAGES = [{"role": "user", "content": "Hello"}]
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {
        "city": {"type": "string", "minLength": 1}, "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "unit": {"enum": ["celsius", "fahrenheit"]}, "hours": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}},
    "required": ["city", "unit"], "additionalProperties": False}}}
TIME = {"type": "function", "function": {"name": "get_time", "parameters": {
    "type": "object", "properties": {"zone": {"type": ["string", "null"]}}, "required": ["zone"]}}}
PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}, "tags": {
    "type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 2}}, "required": ["name", "age", "tags"], "additionalProperties": False}


def check_person(text):
    value = json.loads(text)
    assert set(value) == {"name", "age", "tags"} and isinstance(value["name"], str), value
    assert isinstance(value["age"], int) and value["age"] >= 0 and 1 <= len(value["tags"]) <= 2 and set(value["tags"]) <= {"a", "b"}, value


def check_call(call):
    arguments = json.loads(call.function.arguments)
    if call.function.name == "get_time":
        assert list(arguments) == ["zone"] and (arguments["zone"] is None or isinstance(arguments["zone"], str)), arguments
        return
    assert call.function.name == "get_weather", call
    assert isinstance(arguments.pop("city"), str) and arguments.pop("unit") in ("celsius", "fahrenheit"), call
    assert 1 <= arguments.pop("days", 1) <= 14 and all(isinstance(h, int) for h in arguments.pop("hours", [])) and not arguments, call


def refused(kind, call, **members):
    try:
        call()
    except kind as error:
        for key, value in members.items():
            assert error.body[key] == value, (key, error.body)
        assert error.body["message"] and error.body["type"], error.body
        return error.body["message"]
    raise AssertionError("it was accepted")


def run(client, model):
    chat, texts = client.chat.completions.create, client.completions.create

    def models():
        assert [m.id for m in client.models.list()] == [model]
        assert client.models.retrieve(model).id == model
        refused(openai.NotFoundError, lambda: client.models.retrieve("other"), code="model_not_found")

    def whole():
        answer = chat(model=model, messages=MESSAGES, max_tokens=20)
        assert answer.choices[0].message.role == "assistant" and answer.choices[0].message.content, answer
        assert answer.choices[0].finish_reason in ("stop", "length"), answer
        usage = answer.usage
        assert usage.prompt_tokens > 0 and usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, usage

    def streamed():
        same = dict(model=model, messages=MESSAGES, max_tokens=20, temperature=0)
        chunks = list(chat(stream=True, stream_options={"include_usage": True}, **same))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        answer = chat(**same)
        assert text == answer.choices[0].message.content, (text, answer)
        assert not chunks[-1].choices and chunks[-1].usage.completion_tokens == answer.usage.completion_tokens, chunks[-1]

    def tools():
        both = dict(model=model, messages=MESSAGES, tools=[WEATHER, TIME], max_tokens=120, temperature=1.5)
        chat(tool_choice="auto", **both)
        assert not chat(tool_choice="none", **both).choices[0].message.tool_calls
        named = {"type": "function", "function": {"name": "get_weather"}}
        for seed in range(12):
            answer = chat(tool_choice="required", seed=seed, **both).choices[0]
            assert answer.finish_reason == "tool_calls" and answer.message.tool_calls, answer
            for call in answer.message.tool_calls:
                check_call(call)
            answer = chat(tool_choice="required", parallel_tool_calls=False, seed=seed, **both).choices[0]
            assert answer.finish_reason == "tool_calls" and len(answer.message.tool_calls) == 1, answer
            answer = chat(tool_choice=named, seed=seed, **both).choices[0]
            assert [c.function.name for c in answer.message.tool_calls] == ["get_weather"], answer
            check_call(answer.message.tool_calls[0])
        with client.chat.completions.stream(tool_choice=named, seed=3, **both) as stream:
            final = stream.get_final_completion().choices[0].message
        check_call(final.tool_calls[0])
        message = refused(
            openai.BadRequestError, lambda: chat(tool_choice=named, **{**both, "max_tokens": 3}), param="max_tokens")
        least = int(re.search(r"has (\d+) tokens", message)[1])
        check_call(chat(tool_choice=named, **{**both, "max_tokens": least}).choices[0].message.tool_calls[0])

    def formats():
        schema = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}
        for seed in range(12):
            hot = dict(model=model, messages=MESSAGES, max_tokens=80, temperature=1.5, seed=seed)
            check_person(chat(response_format=schema, **hot).choices[0].message.content)
            assert isinstance(json.loads(chat(response_format={"type": "json_object"}, **hot).choices[0].message.content), dict)
        loose = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "string", "pattern": "^a"}}}
        raw = client.chat.completions.with_raw_response.create(model=model, messages=MESSAGES, max_tokens=40, response_format=loose)
        assert raw.headers["x-anyclaude-grammar"] == "dropped=pattern", raw.headers
        assert isinstance(json.loads(raw.parse().choices[0].message.content), str)
        wrong = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"properties": {"a": {"type": "text"}}}}}
        message = refused(openai.BadRequestError, lambda: chat(model=model, messages=MESSAGES, response_format=wrong), param="response_format")
        assert "/properties/a/type" in message, message

    def logprobs():
        content = chat(model=model, messages=MESSAGES, max_tokens=4, logprobs=True, top_logprobs=3).choices[0].logprobs.content
        assert content and all(len(t.top_logprobs) == 3 and t.logprob <= 0 for t in content), content

    def several():
        asked = dict(model=model, messages=MESSAGES, max_tokens=12, n=2, temperature=1.2, seed=5)
        answer = chat(**asked)
        assert [c.index for c in answer.choices] == [0, 1], answer
        contents = ["", ""]
        for chunk in chat(stream=True, **asked):
            for choice in chunk.choices:
                contents[choice.index] += choice.delta.content or ""
        assert contents == [c.message.content for c in answer.choices], (contents, answer)
        one = chat(**{**asked, "n": 1})
        assert one.choices[0].message.content == contents[0] and one.usage.prompt_tokens == answer.usage.prompt_tokens, (one, answer)

    def stops():
        free = texts(model=model, prompt="Hello", max_tokens=30, temperature=0).choices[0].text
        stop = free[2:5]
        cut = texts(model=model, prompt="Hello", max_tokens=30, temperature=0, stop=[stop, "never seen"]).choices[0]
        assert cut.text == free[: free.index(stop)] and cut.finish_reason == "stop", (free, cut)

    def completions():
        answer = texts(model=model, prompt=["Hello", "One two", [5, 6]], max_tokens=6, n=2, temperature=1, seed=1)
        assert [c.index for c in answer.choices] == list(range(6)), answer
        assert answer.usage.completion_tokens <= 36, answer
        alone = texts(model=model, prompt="One two", max_tokens=6, temperature=1, seed=1).choices[0].text
        assert answer.choices[2].text == alone, (answer, alone)
        pieces = [""] * 2
        for chunk in texts(model=model, prompt=["Hello", "One two"], max_tokens=6, temperature=0, stream=True):
            for choice in chunk.choices:
                pieces[choice.index] += choice.text
        assert pieces == [texts(model=model, prompt=p, max_tokens=6, temperature=0).choices[0].text for p in ("Hello", "One two")], pieces
        scored = texts(model=model, prompt="Hello", max_tokens=3, logprobs=2).choices[0].logprobs
        assert len(scored.tokens) == len(scored.token_logprobs) == len(scored.top_logprobs) > 0, scored

    def sampling():
        same = dict(model=model, messages=MESSAGES, max_tokens=16, temperature=1.3, top_p=0.9, seed=11, presence_penalty=0.5, frequency_penalty=0.5,
                    extra_body={"top_k": 40, "min_p": 0.01, "repetition_penalty": 1.1})
        assert chat(**same).choices[0].message.content == chat(**same).choices[0].message.content
        only = next(t for t in range(300, 400))
        biased = texts(model=model, prompt="Hello", max_tokens=3, temperature=0, logit_bias={str(only): 100}, logprobs=0).choices[0]
        assert len(set(biased.logprobs.tokens)) == 1, biased

    def errors():
        message = refused(
            openai.BadRequestError, lambda: chat(model=model, messages=[{"role": "user", "content": "hello " * 60000}]),
            code="context_length_exceeded")
        assert len(re.findall(r"\d+", message)) == 2, message
        refused(openai.NotFoundError, lambda: chat(model="other", messages=MESSAGES), code="model_not_found", param="model")
        refused(openai.BadRequestError, lambda: chat(model=model, messages=MESSAGES, temperature=-1), param="temperature")
        refused(openai.BadRequestError, lambda: chat(model=model, messages=[]), param="messages")
        refused(openai.BadRequestError, lambda: chat(model=model, messages=MESSAGES, n=99), param="n")

    for step in (models, whole, streamed, tools, formats, logprobs, several, stops, completions, sampling, errors):
        step()
        print(f"{step.__name__}: passed", flush=True)


worker = subprocess.Popen([program, "serve", "--model", model_folder, "--port", "0"], stderr=subprocess.PIPE, text=True)
try:
    ports, lines = [], []
    ready = threading.Event()

    def follow():
        for line in worker.stderr:
            lines.append(line)
            ports.extend(re.findall(r"\blistening\b.*\bport=(\d+)|\bport=(\d+).*\blistening\b", line))
            if " serving" in line and "context=" in line:
                ready.set()
        ready.set()

    threading.Thread(target=follow, daemon=True).start()
    assert ready.wait(60) and ports, "".join(lines)
    port = next(p for p in ports[0] if p)
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0, timeout=60)
    run(client, next(iter(client.models.list())).id)
    print("all passed")
finally:
    worker.terminate()
    worker.wait(30)
