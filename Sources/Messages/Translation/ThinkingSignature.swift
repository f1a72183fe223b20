/// What signs the thinking that a backend of this proxy wrote: it says whose it is, and that no other server can check it.
public enum ThinkingSignature {
    public static let prefix = "anyclaude.v1"

    /// Never empty: clients fail on a thinking block without a signature.
    public static func mark(backend: String) -> String { "\(prefix).\(backend)" }

    /// The backend whose thinking a block that comes back is; nil where it was another server's.
    public static func backend(of signature: String) -> String? {
        guard signature.hasPrefix(prefix + ".") else { return nil }
        return String(signature.dropFirst(prefix.count + 1))
    }
}
