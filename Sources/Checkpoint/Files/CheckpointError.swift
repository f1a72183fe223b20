/// Why a directory is not a checkpoint that can be loaded: what is wrong, what to do about it, in which file.
public struct CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, lower case, without a full stop.
    public var message: String
    /// The remedy, where one is known.
    public var hint: String?
    /// The path of the file or directory that is at fault.
    public var file: String

    public init(_ message: String, hint: String? = nil, file: String) {
        self.message = message
        self.hint = hint
        self.file = file
    }

    public var description: String { "\(file): \(message)" + (hint.map { " (\($0))" } ?? "") }
}
