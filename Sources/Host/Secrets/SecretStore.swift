import Crypto
import Glibc
import JSON
import LaunchPlan

/// Resolves references to secrets. Values that an apply sent are kept in the runtime directory alone, which is not on a disk
/// where the system has a tmpfs for it; no value is ever logged or compared but by its HMAC.
///
/// A value becomes the instance's with the generation that it was sent for, and is dropped with it. So an apply works on a copy that
/// knows the new values (`knowing`), writes them beside the old ones (`prepare`), makes the generation current, and puts them in the old
/// ones' place (`keep`). A supervisor that starts after a kill in between sees by the current generation which ones count (`settle`).
package struct SecretStore {
    /// Of the runtime directory.
    package let path: String
    private let nextPath: String
    /// Of the state directory: makes the HMACs of this host worthless elsewhere.
    package let keyPath: String
    private(set) var sent: [String: String] = [:]
    private var next: Next?

    /// Values that count as soon as a generation is current.
    private struct Next: Codable {
        var generation: Int
        var sent: [String: String]
    }

    package init(runtime: String, state: String) throws(OperationError) {
        path = "\(runtime)/secrets.json"
        nextPath = "\(runtime)/secrets.next.json"
        keyPath = "\(state)/host.key"
        if let bytes = try AtomicFile.read(path) { sent = try decode(bytes, path) }
        if let bytes = try AtomicFile.read(nextPath) { next = try decode(bytes, nextPath) as Next }
    }

    /// The store with values of a caller's environment; they replace earlier ones of the same names. Nothing is written.
    package func knowing(_ values: [String: String]) -> SecretStore {
        var copy = self
        copy.sent.merge(values) { $1 }
        return copy
    }

    /// Writes the values so that they count from the moment that `generation`, which is not yet current, is.
    package mutating func prepare(for generation: Int) throws(OperationError) {
        let next = Next(generation: generation, sent: sent)
        try AtomicFile.write(try encoded(next).bytes, to: nextPath)
        self.next = next
    }

    /// Makes the values the instance's.
    package mutating func keep() throws(OperationError) {
        if !sent.isEmpty { try AtomicFile.write(try encoded(sent).bytes, to: path) }
        try removeNext()
    }

    /// Ends what an earlier supervisor left half done.
    package mutating func settle(current generation: Int?) throws(OperationError) {
        try removeHalves()
        guard let next else { return }
        if next.generation == generation { sent = next.sent }
        try keep()
    }

    /// Removes what was sent.
    package mutating func forget() throws(OperationError) {
        sent = [:]
        try Self.remove(path)
        try removeHalves()
        try removeNext()
    }

    /// What a kill in the middle of a write leaves: it has values, and no name by which they would be found.
    private func removeHalves() throws(OperationError) {
        for path in [path, nextPath] { try Self.remove(AtomicFile.half(path)) }
    }

    private static func remove(_ path: String) throws(OperationError) {
        guard FileCalls.remove(path) == 0 || errno == ENOENT else { throw .system("cannot remove \(path)", errno: errno) }
    }

    private mutating func removeNext() throws(OperationError) {
        try Self.remove(nextPath)
        next = nil
    }

    package func value(_ reference: SecretReference, _ bindings: PlanPath.Bindings) throws(OperationError) -> String {
        switch reference {
        case .env(let name):
            if let value = sent[name] ?? getenv(name).map({ String(cString: $0) }) { return value }
            throw OperationError(
                "the variable \(name) is not set", hint: "set it where `anyclaude apply` runs, or for the supervisor's service", exitCode: 78)
        case .file(let path): return try Self.contents(of: path, bindings)
        case .credential(let name):
            guard let folder = getenv("CREDENTIALS_DIRECTORY").map({ String(cString: $0) }) else {
                throw OperationError(
                    "the credential \(name) is not there: systemd passed none", hint: "add LoadCredential=\(name):PATH to the unit", exitCode: 78)
            }
            guard let bytes = try AtomicFile.read("\(folder)/\(name)", limit: 1 << 20) else {
                throw OperationError("systemd passed no credential \(name)", hint: "add LoadCredential=\(name):PATH to the unit", exitCode: 78)
            }
            return Self.text(bytes)
        }
    }

    /// A secret that is a file: without the line break at its end.
    package static func contents(of path: PlanPath, _ bindings: PlanPath.Bindings) throws(OperationError) -> String {
        let resolved = try resolve(path, bindings)
        guard let bytes = try AtomicFile.read(resolved, limit: 1 << 20) else {
            throw OperationError("the file \(resolved) of a secret does not exist", exitCode: 66)
        }
        return text(bytes)
    }

    /// What changes when a secret of the service does, and tells nothing of it. A secret that cannot be read counts as absent.
    package func fingerprint(_ references: Set<SecretReference>, _ bindings: PlanPath.Bindings) throws(OperationError) -> String {
        guard !references.isEmpty else { return "" }
        var hmac = HMAC<SHA256>(key: SymmetricKey(data: try hostKey()))
        for reference in references.sorted(by: { "\($0)" < "\($1)" }) {
            let value = try? self.value(reference, bindings)
            hmac.update(data: Array("\(reference)=\(value.map { "\($0.utf8.count):\($0)" } ?? "absent");".utf8))
        }
        return hexadecimal(hmac.finalize())
    }

    private func hostKey() throws(OperationError) -> [UInt8] {
        if let key = try AtomicFile.read(keyPath), key.count == 32 { return key }
        var random = SystemRandomNumberGenerator()
        let key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        try AtomicFile.write(key, to: keyPath)
        return key
    }

    private static func text(_ bytes: [UInt8]) -> String {
        var bytes = bytes[...]
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
