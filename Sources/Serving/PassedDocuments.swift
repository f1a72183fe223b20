import Glibc

/// The settings and secrets that a service was started with: as descriptors by anyclaude's supervisor, or as credentials by systemd
/// itself (systemd.exec(5), `LoadCredential=`), where units were made of a plan.
///
/// | | descriptor | credential |
/// |---|---|---|
/// | settings | `settings` | `settings` |
/// | secrets | `secrets`, an object by id | `secret.ID`, the value alone, without one line break at its end |
public struct PassedDocuments: Sendable {
    private let descriptors: InheritedDescriptors
    private let credentials: String?
    /// The prefix of a secret's credential.
    public static let secretPrefix = "secret."

    /// - Parameter credentials: the folder in `CREDENTIALS_DIRECTORY`; nil where there is none.
    public init(descriptors: InheritedDescriptors, credentials: String? = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }) {
        self.descriptors = descriptors
        self.credentials = credentials
    }

    /// - Throws: where it was passed in neither way.
    public func settings(named name: String) throws(ServingError) -> [UInt8] {
        if descriptors[name] == nil, let bytes = try credential(name) { return bytes }
        return try descriptors.contents(of: name)
    }

    /// The JSON of the secrets' descriptor; nil where none was passed, and `secret(_:)` has them.
    public func secrets(named name: String) throws(ServingError) -> [UInt8]? {
        descriptors[name] == nil ? nil : try descriptors.contents(of: name)
    }

    /// One secret of systemd's; nil where it was not passed.
    public func secret(_ id: String) throws(ServingError) -> String? {
        guard let bytes = try credential(Self.secretPrefix + id) else { return nil }
        return String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }

    private func credential(_ name: String) throws(ServingError) -> [UInt8]? {
        guard let credentials, !name.contains("/") else { return nil }
        let path = "\(credentials)/\(name)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw ServingError("cannot read the credential `\(name)`: \(String(cString: strerror(errno)))")
        }
        return try InheritedDescriptors(byName: [name: descriptor]).contents(of: name)
    }
}
