import Messages

/// The server took nothing of the request, and may take it later.
struct UpstreamBusy: Error {
    var status: Int
    var error: AnthropicError
    /// The pause of `error` is the server's own word, not ours.
    var saidWhen: Bool

    var failure: RetryPolicy.Failure { .busy(status: status, retryAfter: saidWhen ? error.retryAfter : nil) }
}
