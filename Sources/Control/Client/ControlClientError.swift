/// Why a request to a server of ours was not answered as asked.
public struct ControlClientError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// Nobody listens at the address.
        case unreachable
        /// The socket is there, and this user may not use it.
        case denied
        case timedOut
        /// The connection ended before the answer did.
        case disconnected
        /// The answer is not HTTP, or not the document that the route promises.
        case malformed
        /// The answer is larger than is ever needed.
        case tooLarge
        /// The server answered with an error status.
        case refused(status: Int)
    }
    public var kind: Kind
    /// Lower case, without a full stop.
    public var message: String
    public var hint: String?
    /// The exit code of a program that cannot go on (facts/config-and-plan.md, "Exit codes").
    public var exitCode: Int

    public init(_ kind: Kind, _ message: String, hint: String? = nil, exitCode: Int? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.exitCode = exitCode ?? Self.exitCode(kind)
    }

    public var description: String { message }

    private static func exitCode(_ kind: Kind) -> Int {
        switch kind {
        case .unreachable: 3
        case .denied: 77
        case .timedOut, .disconnected: 74
        case .malformed, .tooLarge, .refused: 70
        }
    }
}
