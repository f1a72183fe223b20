import Crypto
import JSON

extension LaunchPlan {
    /// The plan as a JSON value.
    public func json() throws -> JSON { try JSON(encoding: self) }

    /// `sha256:` and the hash of the canonical form: the same meaning gives the same id.
    public func id() throws -> String { Self.id(of: try json()) }

    /// The id of a plan's body as it was read, members that this version does not know included.
    public static func id(of body: JSON) -> String { contentAddress("anyclaude-plan/v1\n", body) }
}

extension Service {
    /// What decides whether a new plan touches the service.
    public func digest() throws -> String { contentAddress("anyclaude-service/v1\n", try JSON(encoding: self)) }
}

/// SHA-256 over a domain and the canonical form of `value`, so that equal bytes of two kinds never share an address.
private func contentAddress(_ domain: String, _ value: JSON) -> String {
    var hash = SHA256()
    hash.update(data: Array(domain.utf8))
    hash.update(data: value.canonicalBytes)
    return "sha256:" + hexadecimal(hash.finalize())
}

extension Provenance.File {
    /// A file by its bytes.
    public init(path: String, contents: [UInt8]) {
        var hash = SHA256()
        hash.update(data: contents)
        self.init(path: path, sha256: hexadecimal(hash.finalize()))
    }
}
