import JSON
import Testing

@testable import Messages

@Suite struct UpstreamFailureTests {
    /// What servers say when a prompt does not fit, and what clients must be told to react rightly.
    static let overflows: [(said: String, told: String)] = [
        // vLLM, by age.
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
            "4000 + 1000 > 4096"
        ),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 tokens and your request has 11300 input tokens (32000 > 32768 - 11300).",
            "11300 + 32000 > 32768"
        ),
        (
            "This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your prompt contains at least 62466 input tokens, for a total of at least 128001 tokens.",
            "62466 + 65535 > 128000"
        ),
        (
            "The decoder prompt (length 66501) is longer than the maximum model length of 65536. Make sure that `max_model_len` is no smaller than the number of text tokens.",
            "66501 tokens > 65536 maximum"
        ),
        // SGLang
        ("The input (5000 tokens) is longer than the model's context length (4096 tokens).", "5000 tokens > 4096 maximum"),
        (
            "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 4000 tokens from the input messages and 1000 tokens for the completion.",
            "4000 + 1000 > 4096"
        ),
        // llama.cpp
        ("request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it", "5000 tokens > 4096 maximum"),
        // LM Studio
        (
            "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter input.",
            "13055 tokens > 4096 maximum"
        ),
        (
            "Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough.",
            "111490 tokens > 32768 maximum"
        ),
        ("Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)", "15028 tokens > 7424 maximum"),
        // OpenRouter
        (
            "This endpoint's maximum context length is 204800 tokens. However, you requested about 205432 tokens (81684 of text input, 3748 of tool input, 120000 in the output). Please reduce the length of either one, or use the \"middle-out\" transform to compress your prompt automatically.",
            "85432 + 120000 > 204800"
        ),
        // OpenAI. The prompt is more than its messages: here it is too long alone.
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5500 tokens (4000 in the messages, 500 in the functions, and 1000 in the completion). Please reduce the length of the messages, functions, or completion.",
            "4500 tokens > 4096 maximum"
        ),
        (
            "This model's maximum context length is 4097 tokens, however you requested 4106 tokens (10 in your prompt; 4096 for the completion). Please reduce your prompt; or completion length.",
            "10 + 4096 > 4097"
        ),
        (
            "This model's maximum context length is 4097 tokens. However, your messages resulted in 5000 tokens. Please reduce the length of the messages.",
            "5000 tokens > 4097 maximum"
        ),
        // Anthropic, through a gateway
        ("prompt is too long: 200251 tokens > 200000 maximum", "200251 tokens > 200000 maximum"),
        // This project's worker
        ("prompt has 5000 tokens, the context window is 4096", "5000 tokens > 4096 maximum"),
    ]

    @Test(arguments: overflows)
    func overflow(said: String, told: String) {
        let expected =
            told.contains("+")
            ? "input length and `max_tokens` exceed context limit: \(told), decrease input length or `max_tokens` and try again"
            : "prompt is too long: \(told)"
        // As an error object, as a text, bare, and in a stream.
        for body: JSON in [["error": ["message": .string(said)]], ["error": .string(said)], ["message": .string(said), "object": "error"]] {
            #expect(UpstreamFailure.error(status: 400, body: body.bytes, dialect: .generic) == .invalid(expected))
            #expect(Self.inStream(body) == .invalid(expected))
        }
    }

    @Test func overflowByItsCodeOrTypeAlone() {
        let counts = ["message": "no", "n_prompt_tokens": 900, "n_ctx": 512] as JSONObject
        for word in ["context_length_exceeded", "exceed_context_size_error"] {
            for key in ["code", "type"] {
                var error = counts
                error["code"] = 400
                error[key] = .string(word)
                let body = JSON.object(["error": .object(error)]).bytes
                #expect(
                    UpstreamFailure.error(status: 400, body: body, dialect: .llamaServer) == .invalid("prompt is too long: 900 tokens > 512 maximum"))
            }
        }
        #expect(
            Self.inStream(["error": ["message": "no", "code": "context_length_exceeded"]])
                == .invalid("prompt is too long for the model's context window"))
    }

    static func inStream(_ json: JSON) -> AnthropicError? {
        var stream = MessageStream(MessageStream.Options(id: "msg_1", model: "m"))
        guard case .error(let error)? = stream.receive(.chunk(json)).last else { return nil }
        return error
    }

    /// An error in a stream is what it is as a response.
    @Test(arguments: [400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 529])
    func statusesMeanTheSameInAStream(status: Int) {
        let response = UpstreamFailure.error(status: status, body: Array(#"{"error":{"message":"no"}}"#.utf8), dialect: .generic)
        #expect(Self.inStream(["error": ["message": "no", "code": .integer(status)]]) == response)
        #expect(Self.inStream(["error": ["message": "no", "code": .string(String(status))]]) == response)
        #expect(Self.inStream(["object": "error", "message": "no", "type": "X", "code": .integer(status)]) == response)
    }

    @Test func wordsStandForStatusesWhereThereIsNone() {
        func kind(_ failure: OpenAI.Failure) -> AnthropicError.Kind? { Self.inStream(failure.json)?.kind }
        #expect(kind(.overloaded("the queue is full", retryAfter: 2)) == .rateLimit)
        #expect(kind(.unavailable("the server is shutting down", code: "shutting_down", retryAfter: 5)) == .overloaded)
        #expect(kind(.invalidRequest("no such thing", code: "template_error")) == .invalidRequest)
        #expect(kind(.modelNotFound("m", offered: [])) == .notFound)
        #expect(kind(.internalError("the computation failed")) == .api)
        #expect(Self.inStream(["detail": [["msg": "bad temperature"]]])?.message == "bad temperature")
        #expect(Self.inStream(["error": ["code": 402]]) == AnthropicError(.billing, #"{"code":402}"#, shouldRetry: false))
    }

    @Test func whatAProviderBehindAGatewaySaidCounts() {
        func error(_ raw: JSON, _ code: Int = 400) -> AnthropicError {
            let body: JSON = [
                "error": ["message": "Provider returned error", "code": .integer(code), "metadata": ["raw": raw, "provider_name": "P"]]
            ]
            return UpstreamFailure.error(status: code, body: body.bytes, dialect: .openrouter)
        }
        let overflow = #"{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}"#
        #expect(error(.string(overflow)) == .invalid("prompt is too long: 9 tokens > 8 maximum"))
        #expect(error(["message": "no tools"]) == .invalid("Provider returned error: no tools"))
        #expect(error("overloaded", 503) == AnthropicError(.overloaded, "Provider returned error: overloaded", retryAfter: 2))
    }

    /// A retry of what must fail again is a wait for nothing.
    @Test func whatCannotSucceedIsNotTriedAgain() {
        func error(_ status: Int, _ json: JSON) -> AnthropicError { UpstreamFailure.error(status: status, body: json.bytes, dialect: .generic) }
        #expect(error(429, ["error": ["message": "quota", "code": "insufficient_quota"]]) == AnthropicError(.billing, "quota", shouldRetry: false))
        #expect(error(400, ["error": ["message": "no", "code": "model_not_found"]]).kind == .notFound)
        #expect(error(500, ["error": ["message": "Jinja error: roles must alternate"]]).shouldRetry == false)
        #expect(error(500, ["error": ["message": "out of memory"]]).shouldRetry == nil)
    }

    @Test(
        arguments: [
            ("7", 7), ("0", 0), ("1.2", 2), ("-3", 0), ("999999999999999999999", 3600), ("nan", nil), ("", nil), ("soon", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Thu, 29 Feb 2024 00:00:00 GMT", 3600),
            ("Sun, 99 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 8:x:37 GMT", nil),
        ] as [(String, Int?)])
    func retryAfter(value: String, seconds: Int?) {
        // 08:49:00 on that day.
        #expect(RetryAfter.seconds(value, now: 784_111_740) == seconds)
    }

    @Test func kinds() {
        func kind(_ status: Int, _ dialect: BackendDialect = .generic) -> AnthropicError.Kind {
            UpstreamFailure.error(status: status, body: [], dialect: dialect).kind
        }
        #expect(kind(401) == .authentication)
        #expect(kind(404) == .notFound)
        #expect(kind(404, .mlxLM) == .api)
        #expect(kind(503) == .overloaded)
        #expect(kind(500) == .api)
        #expect(
            UpstreamFailure.error(status: 429, body: Array(#"{"error":"slow down"}"#.utf8), retryAfter: 7, dialect: .generic)
                == AnthropicError(.rateLimit, "slow down", retryAfter: 7))
        #expect(
            UpstreamFailure.error(status: 500, body: Array(#"{"detail":[{"msg":"bad temperature"}]}"#.utf8), dialect: .mlxTextgen).message
                == "bad temperature")
    }
}
