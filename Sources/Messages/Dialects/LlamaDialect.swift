import JSON

/// What Llama 3 and 4 write for calls: `{"name": …, "parameters": {…}}`, `[name(key=value)]`, and after `<|python_tag|>` either, or
/// `name.call(key=value)`. Each model writes one of them most, and others at times, so both dialects read all.
///
/// Without the tag nothing announces a call: an object or a list is one if it begins as a call of a tool of the request, else text.
enum LlamaNotation {
    /// Of Llama 3, and of 4.
    static let tags = ["<|python_tag|>", "<|python_start|>"]
    static let openers = tags + ["{", "[", "```json\n{", "```\n{"]
    static let markers = tags + [tagEnd]
    private static let tagEnd = "<|python_end|>"
    private static let closers = [tagEnd, "<|eom_id|>", "<|eot_id|>", "<|eom|>", "<|eot|>"]

    static func reader(after opener: String, _ tools: ToolSchemas) -> any ToolCallReader {
        let isAnnounced = tags.contains(opener)
        return ForkedReader(prefix: isAnnounced ? "" : opener) { text in
            let json = JSONCallsReader(tools: tools, isAnnounced: isAnnounced, closers: closers)
            let python = PythonCallsReader(tools: tools, isAnnounced: isAnnounced, closers: closers)
            guard text.first == UInt8(ascii: "[") else {
                return .reader(text.first == UInt8(ascii: "{") || text.first == UInt8(ascii: "`") ? json : python)
            }
            switch MarkerScan.beginning(of: text, from: 1) {
            case .unfinished: return .unfinished
            case .none: return .notACall
            case .at(let index): return .reader(text[index] == UInt8(ascii: "{") ? json : python)
            }
        }
    }

    /// A forced call is JSON in either: Python has no way to write some names of tools and parameters.
    static func callOpening(name: String) -> String { "{\"name\": \(JSON.string(name).text), \"parameters\": {" }

    /// Whether a chat template shows the list of calls in Python.
    static func isPythonic(_ template: String) -> Bool { template.contains("[func_name1(params_name1=") }
}

/// Llama 3.1 to 3.3, and 4.
public struct LlamaDialect: ToolCallDialect {
    public init() {}

    public var name: String { "llama3" }
    public var openers: [String] { LlamaNotation.openers }
    public var markers: [String] { LlamaNotation.markers }
    public var callOnlyOpeners: [String] { LlamaNotation.tags }

    public func isWritten(by template: String) -> Bool {
        ["<|start_header_id|>", "<|header_start|>"].contains(where: template.contains) && template.contains("\"parameters\": ")
            && !LlamaNotation.isPythonic(template)
    }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader { LlamaNotation.reader(after: opener, tools) }
    public func callOpening(name: String) -> String { LlamaNotation.callOpening(name: name) }
    public var callClosing: String { "}" }
}

/// Llama 3.2 and 4 where their template asks for a list of calls in Python.
public struct LlamaPythonicDialect: ToolCallDialect {
    public init() {}

    public var name: String { "llama32-pythonic" }
    public var openers: [String] { LlamaNotation.openers }
    public var markers: [String] { LlamaNotation.markers }
    public var callOnlyOpeners: [String] { LlamaNotation.tags }

    public func isWritten(by template: String) -> Bool { LlamaNotation.isPythonic(template) }

    public func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader { LlamaNotation.reader(after: opener, tools) }
    public func callOpening(name: String) -> String { LlamaNotation.callOpening(name: name) }
    public var callClosing: String { "}" }
}
