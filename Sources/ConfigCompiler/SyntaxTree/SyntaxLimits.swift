/// What one file may ask of the machine. The defaults are far beyond any real configuration.
public struct SyntaxLimits: Sendable {
    public var depth = 64
    /// Values, those that aliases stand for counted each time.
    public var nodes = 100_000
    public var scalarBytes = 256 << 10
    public var keyBytes = 1024
    public var aliases = 100
    /// Whether tags outside the core schema are passed over; a configuration has no use for them, and they are refused.
    public var passesUnknownTags = false

    public init() {}
}
