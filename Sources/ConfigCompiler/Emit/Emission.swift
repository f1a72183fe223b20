/// One file of an emitted tree.
public struct EmittedFile: Sendable, Equatable {
    /// Absolute: where the file belongs on the machine.
    public var path: String
    /// Permission bits.
    public var mode: UInt32
    public var bytes: [UInt8]

    public init(path: String, mode: UInt32 = 0o644, text: String) {
        self.path = path
        self.mode = mode
        self.bytes = Array(text.utf8)
    }
}

/// A plan in the words of another supervisor: files, and what that supervisor cannot do for the plan.
public struct Emission: Sendable, Equatable {
    /// Sorted by path; no two have one path.
    public var files: [EmittedFile]
    /// For people, one sentence or two each, without a line break at the end.
    public var notes: [String]

    public init(files: [EmittedFile], notes: [String]) {
        self.files = files.sorted { $0.path < $1.path }
        self.notes = notes
    }
}

/// Why a plan cannot be written for a target.
public struct EmitError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Lower case, without a full stop.
    public var message: String
    public var hint: String

    public init(_ message: String, hint: String) {
        self.message = message
        self.hint = hint
    }

    public var description: String { message }
}

/// How a file says who wrote it, so that a later run may replace it and never replaces another's.
public enum EmitMarker {
    /// How much of a file has to be looked at.
    public static let maximumBytes = 200
    private static let words = "written by `anyclaude emit"

    static func line(_ target: String, instance: String) -> String { "\(words) \(target)` for the instance \(instance)" }

    /// Whether the first line of a file says that emit wrote it for `instance`.
    public static func marks(_ bytes: some Sequence<UInt8>, instance: String) -> Bool {
        let line = String(decoding: bytes.prefix(maximumBytes).prefix { $0 != 0x0A }, as: UTF8.self)
        guard let start = line.firstRange(of: words) else { return false }
        let rest = line[start.upperBound...]
        guard let name = rest.firstRange(of: "` for the instance ") else { return false }
        return rest[name.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "-" } == instance
    }
}
