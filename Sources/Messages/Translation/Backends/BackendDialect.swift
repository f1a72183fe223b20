import JSON

/// The habits of a chat-completions server, as data: what a request may say to it and where its answers differ.
///
/// One value a server, each in its own file. Sources: facts on the API, section 3.2, and on MLX servers, sections 3 and 4.
public struct BackendDialect: Sendable, Equatable {
    public var name: String

    // What of the prompt it takes.
    public var inlineSystem = InlineSystem.fold
    /// Which pictures it takes; nil where the model cannot see, and is told in words that there was one.
    public var images: Images? = Images()
    /// Takes files as parts of a message (`file.file_data`).
    public var takesFiles = false
    /// The member of an assistant message that carries earlier thinking; nil drops it.
    public var reasoningMember: String?
    /// What the server itself said of its reasoning comes back to it as it was (`reasoning_details`): models refuse calls without it.
    public var keepsReasoningDetails = false
    /// An assistant message may have content or tool calls, not both.
    public var separatesContentFromToolCalls = false
    /// An assistant message of tool calls alone has `content: null`; elsewhere an empty text.
    public var takesNullContent = true
    /// Cache breakpoints are meant for the provider behind the server.
    public var keepsCacheControl = false
    /// The member of a request that names its conversation, so that the server keeps its requests together; nil where it has none.
    public var sessionMember: String?
    /// The prompts behind the server have the tools before the system prompt's text, not behind it.
    public var printsToolsFirst = false
    /// `user` says who asks.
    public var sendsUser = false

    // Tools.
    public var toolChoice = ToolChoices.byName
    /// `parallel_tool_calls` is understood.
    public var understandsParallelToolCalls = true
    public var lateTools = LateTools.tail
    public var schemas = Schemas.verbatim

    // The answer.
    public var responseFormat = ResponseFormat.openAI
    /// A request may have `response_format` and tools that the model is free to call.
    public var formatsBesideTools = false
    public var thinkingSwitch = ThinkingSwitch.none
    /// The member that bounds thinking to so many tokens; nil where there is none.
    public var thinkingBudgetMember: String?
    public var effort = Effort.none
    /// `max_tokens: 0` means prefill only; elsewhere one token is asked for and its text dropped.
    public var acceptsZeroMaxTokens = false
    public var understandsTopK = true
    /// The server's names for what a configuration says of sampling; what has none here is not sent.
    public var samplingNames: [SamplingDefaults.Name: String] = [
        .temperature: "temperature", .topP: "top_p", .presencePenalty: "presence_penalty", .frequencyPenalty: "frequency_penalty", .seed: "seed",
    ]
    /// Stop sequences that a request may have, the others being looked for here; nil: any number.
    public var maximumStops: Int?
    /// Members that every request carries.
    public var extra: JSONObject = [:]

    // The server.
    public var tokenCounting = TokenCounting.unavailable
    /// Knows `PUT /v1/prefixes/{digest}`, and tells prompt and cached counts in its first chunk.
    public var isNative = false
    /// A 404 may mean that generation failed, not that the model is unknown.
    public var notFoundMayMeanFailure = false
    /// A model id that names no model: the first loaded one is asked for.
    public var discoversModel = false
    /// Requests that the server can be asked at once; more wait in the proxy, since the server would block on them. Nil: any number.
    public var maximumConcurrent: Int?

    public init(name: String) { self.name = name }

    /// The dialect of the settings' name; nil where there is none.
    public init?(named name: String) {
        guard let dialect = Self.all.first(where: { $0.name == name }) else { return nil }
        self = dialect
    }

    public static let all: [BackendDialect] = [.native, .generic, .lmstudio, .openrouter, .llamaServer, .vllm, .mlxLM, .mlxTextgen]
}
