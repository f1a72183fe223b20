import JSON

/// A chunk that says nothing but the next piece of an answer's text or thinking, as nearly all of a stream's do: read from the places in its
/// text, without a tree.
public struct PlainChunk: Sendable, Equatable {
    public enum Kind: Sendable { case text, thinking }
    public var kind: Kind
    /// Never empty.
    public var text: String

    /// - Returns: nil for all that says more, says nothing, or is written otherwise: `OpenAI.ChatChunk` reads that, and would read this as
    ///   the same piece.
    init?(_ data: [UInt8]) {
        let piece = data.withUnsafeBufferPointer { bytes -> PlainChunk? in
            let limits = JSONTape.Limits(values: 64, keyBytes: .max, stringBytes: .max)
            // What is no JSON is told by whoever reads it in full.
            guard let result = try? JSONTape.parse(bytes, maximumDepth: 8, limits: limits), case .success(let tape) = result else { return nil }
            var reader = Reader()
            return reader.readsChunk(tape.root(in: bytes)) ? reader.piece : nil
        }
        guard let piece else { return nil }
        self = piece
    }

    private init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }
}

extension PlainChunk {
    private struct Reader {
        private var content: String?
        private var reasoning: String?

        var piece: PlainChunk? {
            switch (content ?? "", reasoning ?? "") {
            case ("", ""): nil
            case (let content, ""): PlainChunk(kind: .text, text: content)
            case ("", let reasoning): PlainChunk(kind: .thinking, text: reasoning)
            default: nil
            }
        }

        mutating func readsChunk(_ value: JSONTape.Value) -> Bool {
            reads("choices", of: value) {
                $0.readsChoices($1)
            } others: { key, value in
                let isEnvelope =
                    key.is("id") || key.is("object") || key.is("created") || key.is("model") || key.is("system_fingerprint")
                    || key.is("provider") || key.is("service_tier")
                return isEnvelope || (key.is("usage") && value.isNull)
            }
        }

        /// Whether an object has that member once, it can be read, and the others say nothing.
        private mutating func reads(
            _ name: StaticString, of value: JSONTape.Value, _ read: (inout Self, JSONTape.Value) -> Bool,
            others saysNothing: (JSONTape.Value.Key, JSONTape.Value) -> Bool
        ) -> Bool {
            guard case .object = value.kind else { return false }
            var count = 0
            let isPlain = value.allMembers { key, value in
                guard key.is(name) else { return saysNothing(key, value) }
                count += 1
                return read(&self, value)
            }
            return isPlain && count == 1
        }

        private mutating func readsChoices(_ value: JSONTape.Value) -> Bool {
            guard case .array = value.kind, value.count == 1 else { return false }
            var isPlain = true
            value.forEachElement { isPlain = readsChoice($0) }
            return isPlain
        }

        private mutating func readsChoice(_ value: JSONTape.Value) -> Bool {
            reads("delta", of: value) {
                $0.readsDelta($1)
            } others: { key, value in
                key.is("index") || value.isNull
            }
        }

        private mutating func readsDelta(_ value: JSONTape.Value) -> Bool {
            guard case .object = value.kind else { return false }
            return value.allMembers { key, value in
                if value.isNull { return true }
                guard !key.is("role") else { return true }
                guard let text = value.stringValue else { return false }
                if key.is("content"), content == nil {
                    content = text
                } else if key.is("reasoning_content") || key.is("reasoning"), reasoning == nil {
                    reasoning = text
                } else {
                    return false
                }
                return true
            }
        }
    }
}
