/// Why the native runtime cannot do what was asked: what is wrong, what to do about it, and in which file where there is one.
public struct RuntimeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, lower case, without a full stop.
    public var message: String
    /// The remedy, where one is known.
    public var hint: String?
    /// The path of the file that is at fault.
    public var file: String?

    public init(_ message: String, hint: String? = nil, file: String? = nil) {
        self.message = message
        self.hint = hint
        self.file = file
    }

    public var description: String {
        var text = file.map { "\($0): \(message)" } ?? message
        if let hint { text += " (\(hint))" }
        return text
    }
}
