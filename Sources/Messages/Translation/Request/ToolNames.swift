/// Tool names as chat-completions servers accept them, `[a-zA-Z0-9_-]{1,64}`, and the way back.
public struct ToolNames: Sendable, Equatable {
    private var originals: [String: String] = [:]

    public init() {}

    /// Takes the offered tools' names; only those that had to change are kept.
    ///
    /// - Throws: 400 where two of them would be one.
    init(offered names: some Sequence<String>) throws(AnthropicError) {
        var taken: [String: String] = [:]
        for name in names {
            let wire = Self.wire(name)
            if let other = taken.updateValue(name, forKey: wire), other != name {
                throw .invalid("tools: '\(other)' and '\(name)' cannot be told apart by this backend, which knows both as '\(wire)'; rename one")
            }
            if wire != name { originals[wire] = name }
        }
    }

    /// The same name always gives the same: 55 characters, `_` and a hash where it is too long or has other characters.
    public static func wire(_ name: String) -> String {
        let isPlain = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        if name.utf8.count <= 64, !name.isEmpty, name.utf8.allSatisfy(isPlain) { return name }
        let head = name.utf8.prefix(55).map { isPlain($0) ? $0 : UInt8(ascii: "_") }
        let hash = String(fnv1a(name), radix: 16)
        return String(decoding: head, as: UTF8.self) + "_" + String(repeating: "0", count: 8 - hash.count) + hash
    }

    public func original(_ wire: String) -> String { originals[wire] ?? wire }

    /// FNV-1a, 32 bits: names are to differ, not to be secret.
    private static func fnv1a(_ text: String) -> UInt32 {
        text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
