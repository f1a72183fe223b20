import Serving

/// Why the proxy cannot start.
public struct ProxyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Lower case, without a full stop.
    public var message: String
    /// What to do about it.
    public var hint: String?

    public init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    public var description: String { message }

    init(_ error: ServingError) { self.init(error.message, hint: error.hint) }
}
