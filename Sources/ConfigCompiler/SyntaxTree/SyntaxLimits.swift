import Diagnostics
import JSON

/// What one file may ask of the machine. The defaults are far beyond any real configuration.
public struct SyntaxLimits: Sendable {
    public var depth = 64
    /// Values, those that aliases stand for counted each time.
    public var nodes = 100_000
    public var scalarBytes = 256 << 10
    public var keyBytes = 1024
    public var aliases = 100
    /// Of all texts and names that aliases stand for, counted each time: as much as a file may have.
    public var aliasBytes = 1 << 20
    public var anchors = 10_000
    /// Whether tags outside the core schema are passed over; a configuration has no use for them, and they are refused.
    public var passesUnknownTags = false

    public init() {}
}

extension SyntaxLimits {
    func tooDeep(_ place: SourceSpan) -> Diagnostic {
        Diagnostic(.tooDeep, "nested more than \(depth) deep", at: place, label: "one level too many")
    }

    func keyTooLong(_ place: SourceSpan) -> Diagnostic {
        Diagnostic(.keyTooLong, "a key has more than \(keyBytes) bytes", at: place, label: "this key")
    }

    func scalarTooLong(_ place: SourceSpan) -> Diagnostic {
        Diagnostic(.tooLarge, "a text has more than \(scalarBytes) bytes", at: place, label: "this text")
    }

    func tooManyValues(_ place: SourceSpan) -> Diagnostic {
        Diagnostic(.tooLarge, "more than \(nodes) values", at: place, label: "one too many")
    }

    var json: JSONTape.Limits { JSONTape.Limits(values: nodes, keyBytes: keyBytes, stringBytes: scalarBytes) }

    func diagnostic(_ excess: JSONTape.Excess, in file: FileID) -> Diagnostic {
        switch excess {
        case .values(let range): tooManyValues(SourceSpan(file, range))
        case .keyBytes(let range): keyTooLong(SourceSpan(file, range))
        case .stringBytes(let range): scalarTooLong(SourceSpan(file, range))
        }
    }
}
