/// How a family of models writes tool calls into its text.
public protocol ToolCallDialect: Sendable {
    /// The name by which capabilities and settings call it.
    var name: String { get }
    /// The texts with which a call may begin.
    var openers: [String] { get }
    /// Texts of the notation that may be tokens of control: they must reach the parser.
    var markers: [String] { get }

    /// Whether a chat template shows calls in this notation.
    func isWritten(by template: String) -> Bool
    /// Reads one call, or several in one block, after `opener`.
    func reader(after opener: String, tools: ToolSchemas) -> any ToolCallReader
    /// What a call of the tool `name` begins with, up to where its arguments are the model's own.
    func callOpening(name: String) -> String
    /// What closes a call that `callOpening` has begun, behind the brace that ends its arguments; empty where nothing has to.
    var callClosing: String { get }
    /// Openers that begin nothing but calls: where none may come, the tokens of these must not.
    var callOnlyOpeners: [String] { get }
    /// Whether the notation frames all that the model writes, and has to be read where there are no tools too.
    var framesAnswers: Bool { get }
}

extension ToolCallDialect {
    public var callClosing: String { "" }
    public var callOnlyOpeners: [String] { openers }
    public var framesAnswers: Bool { false }
}

/// What a reader has understood.
public enum ToolCallEvent: Sendable, Equatable {
    case started(name: String)
    /// More JSON text of the arguments.
    case arguments(String)
    case finished
    /// Where the notation frames the whole answer: what the model says, and what it thinks.
    case text(String)
    case reasoning(String)
}

/// A state machine that reads what follows an opener.
public protocol ToolCallReader: Sendable {
    /// Whether what comes now is reasoning.
    var isReasoning: Bool { get }
    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading
    /// The text has ended.
    ///
    /// - Parameter isComplete: false where it was cut off, by a limit of tokens for instance. A call that was cut is not made whole:
    ///   half a command must not become one.
    /// - Returns: `.more` where all that was read is told in events, else what the text turned out to be.
    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading
}

extension ToolCallReader {
    public var isReasoning: Bool { false }
}

public enum ToolCallReading: Sendable, Equatable {
    case more
    /// The block is read; what follows it is `rest`.
    case ended(rest: [UInt8])
    /// It was no call. `rest` is all that came after the opener, and stays text.
    case notACall(rest: [UInt8])
}

public enum ToolCallDialects {
    /// All dialects, the most telling first.
    public static let all: [any ToolCallDialect] = [
        HarmonyDialect(), KimiDialect(), DeepSeekDialect(), MistralDialect(), MistralListDialect(), MiniMaxDialect(), GLMDialect(),
        QwenCoderDialect(), HermesDialect(),
        LlamaPythonicDialect(), LlamaDialect(),
    ]

    /// The dialect of a name, behind which a version may stand: `deepseek_v31` is `deepseek`. `_` is as good as `-`.
    public static func named(_ name: String) -> (any ToolCallDialect)? {
        let name = name.replacing("_", with: "-")
        return all.filter { name == $0.name || name.hasPrefix($0.name + "-") }.max { $0.name.count < $1.name.count }
    }

    /// The dialect in which a chat template writes calls; nil where it writes none that is known.
    public static func written(by template: String) -> (any ToolCallDialect)? { all.first { $0.isWritten(by: template) } }
}
