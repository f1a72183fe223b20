/// Why a server could not be made, or a request not be taken.
public struct ServingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Lower case, without a full stop.
    public var message: String
    /// What to do about it.
    public var hint: String?
    /// The errno of the call that failed, where one did.
    public var code: Int32?

    public init(_ message: String, hint: String? = nil, code: Int32? = nil) {
        self.message = message
        self.hint = hint
        self.code = code
    }

    public var description: String { message }
}
