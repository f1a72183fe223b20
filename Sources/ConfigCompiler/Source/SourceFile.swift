/// The bytes of a configuration and the name by which messages call it.
public struct SourceFile: Sendable {
    /// As the user wrote it; its extension decides between YAML and JSON.
    public var path: String
    public var bytes: [UInt8]

    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}
