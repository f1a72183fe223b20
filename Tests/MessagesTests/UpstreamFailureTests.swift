import Testing

@testable import Messages

@Suite struct UpstreamFailureTests {
    @Test(arguments: [
        (
            #"{"error":{"message":"prompt has 5000 tokens, the context window is 4096","code":"context_length_exceeded"}}"#,
            "prompt is too long: 5000 tokens > 4096 maximum"
        ),
        (
            #"{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion)."}"#,
            "input length and `max_tokens` exceed context limit: 4000 + 1000 > 4096, decrease input length or `max_tokens` and try again"
        ),
        (
            #"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":900,"n_ctx":512}}"#,
            "prompt is too long: 900 tokens > 512 maximum"
        ),
    ])
    func overflow(body: String, message: String) {
        let error = UpstreamFailure.error(status: 400, body: Array(body.utf8), dialect: .generic)
        #expect(error == .invalid(message))
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
