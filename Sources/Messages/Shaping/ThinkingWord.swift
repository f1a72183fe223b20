import JSON

/// How a model is told not to think. The request's own wish to see it think is then void.
public enum ThinkingWord: String, Sendable, CaseIterable {
    /// By the server's switch alone (`enable_thinking`), where it has one.
    case template
    /// `/no_think` at the end of the system prompt: Qwen3, SmolLM3, Nemotron Nano.
    case slash
    /// `detailed thinking off` at its beginning: Llama Nemotron.
    case nemotron

    var words: String? {
        switch self {
        case .template: nil
        case .slash: "/no_think"
        case .nemotron: "detailed thinking off"
        }
    }

    /// A system prompt that says it too; a place where the words stay the same in every turn.
    func added(to system: JSON?) -> JSON? {
        guard let words else { return system }
        let block: JSON = ["type": "text", "text": .string(words)]
        let isFirst = self == .nemotron
        switch system {
        case .array(let blocks)?: return .array(isFirst ? [block] + blocks : blocks + [block])
        case .string(let text)? where !text.isEmpty: return .string(isFirst ? words + "\n\n" + text : text + "\n\n" + words)
        case nil, .null?, .string?: return .string(words)
        case .some(let other): return other
        }
    }
}
