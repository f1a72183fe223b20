import Control
import Logging
import Messages

/// Where the plan's services are now: the supervisor says so on the descriptor `lease`.
///
/// While the supervisor is away (a crash, an upgrade), services go on where they were last: that is used until it is back.
final class ServiceDirectory: Sendable {
    private let connection: LeaseConnection?
    /// What the supervisor says of this proxy itself.
    let retirement = Retirement()

    init(descriptor: CInt?, logger: Logger) {
        let retirement = retirement
        connection = descriptor.map { LeaseConnection(descriptor: $0, logger: logger) { retirement.hear($0) } }
    }

    func acquire(_ service: String) throws(AnthropicError) -> Lease {
        guard let connection else {
            throw AnthropicError(
                .api, "the service `\(service)` cannot be reached: this proxy runs without a supervisor (start it with `anyclaude apply`)",
                shouldRetry: false)
        }
        return connection.acquire(service)
    }
}
