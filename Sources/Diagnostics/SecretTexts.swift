/// Texts that must not be shown, kept to take them out of messages: frames mask places, but a message may repeat what stands there.
struct SecretTexts: Sendable {
    /// A message may have cut the text off; so much of it is enough to know it again.
    private static let head = 12
    /// Shorter ones are words that may stand anywhere.
    static let shortest = 6
    static let longest = 16 << 10
    /// More of them are in no file that people write; a flood of them must not take long.
    private static let most = 200

    private var byFirstByte: [UInt8: [[UInt8]]] = [:]
    private var count = 0

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count >= Self.most }

    /// - Parameter text: without quotes; one that is too short is left out.
    mutating func insert(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= Self.shortest, !isFull, byFirstByte[bytes[0]]?.contains(bytes) != true else { return }
        byFirstByte[bytes[0], default: []].append(bytes)
        count += 1
    }

    /// `text` with asterisks in place of each of them, or of the beginning of one.
    func removed(from text: String) -> String {
        let bytes = Array(text.utf8)
        guard let first = bytes.indices.first(where: { length(at: $0, in: bytes) != nil }) else { return text }
        var result = Array(bytes[..<first])
        var index = first
        while index < bytes.count {
            if let length = length(at: index, in: bytes) {
                result += Array("***".utf8)
                index += length
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    func isIn(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.contains { length(at: $0, in: bytes) != nil }
    }

    /// How much of a secret stands at a place; nil where none begins there.
    private func length(at start: Int, in bytes: [UInt8]) -> Int? {
        guard let candidates = byFirstByte[bytes[start]] else { return nil }
        let rest = bytes[start...]
        let lengths = candidates.filter { rest.starts(with: $0.prefix(Self.head)) }.map { secret in zip(rest, secret).prefix { $0 == $1 }.count }
        return lengths.max()
    }
}

extension [Diagnostic] {
    /// With asterisks in every message, label, note and path for what the sources mask.
    public func withoutSecrets(of sources: SourceMap) -> [Diagnostic] {
        let secrets = sources.secrets
        if secrets.isEmpty { return self }
        return map { diagnostic in
            var copy = diagnostic
            copy.message = secrets.removed(from: copy.message)
            copy.label = secrets.removed(from: copy.label)
            copy.notes = copy.notes.map(secrets.removed)
            copy.path = copy.path.map(secrets.removed)
            copy.secondary = copy.secondary.map { .init($0.span, secrets.removed(from: $0.label)) }
            copy.fixes = copy.fixes.map { Fix(secrets.removed(from: $0.description), $0.applicability, edits: $0.edits) }
            return copy
        }
    }
}
