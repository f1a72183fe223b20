import JSON

/// The habits of a chat-completions server, as data: what a request may say to it and where its answers differ.
///
/// One value a server, each in its own file. Sources: facts on the API, section 3.2, and on MLX servers, sections 3 and 4.
public struct BackendDialect: Sendable, Equatable {
    /// What becomes of a system message in mid-conversation. It is never moved to the front: that would rewrite the prompt's head.
    public enum InlineSystem: Sendable, Equatable {
        case keep
        case fold
        /// The server says it in `GET /v1/capabilities` (`inline_system`).
        case asked
    }
    public enum Images: Sendable, Equatable { case parts, placeholder }
    public enum ThinkingSwitch: Sendable, Equatable {
        case none
        /// `chat_template_kwargs.enable_thinking`
        case templateArgument
        /// OpenRouter's `reasoning` object.
        case reasoningObject
    }
    public enum ResponseFormat: Sendable, Equatable {
        /// `response_format.json_schema.{name,schema}` as OpenAI has it.
        case openAI
        /// `response_format.json_schema` is the schema itself.
        case bareSchema
        /// The server has none: the schema is put to the model in words, behind the last user turn.
        case instruction
    }
    public enum TokenCounting: Sendable, Equatable {
        /// `POST /v1/chat/tokenize`
        case chatTokenize
        /// `POST /apply-template`, then `POST /tokenize`
        case applyTemplate
        case unavailable
    }

    public var name: String
    public var inlineSystem = InlineSystem.fold
    public var images = Images.parts
    public var thinkingSwitch = ThinkingSwitch.none
    public var responseFormat = ResponseFormat.openAI
    public var tokenCounting = TokenCounting.unavailable
    /// The member of an assistant message that carries earlier thinking; nil drops it.
    public var reasoningMember: String?
    /// `max_tokens: 0` means prefill only; elsewhere one token is asked for and its text dropped.
    public var acceptsZeroMaxTokens = false
    /// An assistant message may have content or tool calls, not both.
    public var separatesContentFromToolCalls = false
    /// `parallel_tool_calls` is understood.
    public var understandsParallelToolCalls = true
    public var understandsTopK = true
    /// The server's names for what a configuration says of sampling; what has none here is not sent.
    public var samplingNames: [SamplingDefaults.Name: String] = [
        .temperature: "temperature", .topP: "top_p", .presencePenalty: "presence_penalty", .frequencyPenalty: "frequency_penalty", .seed: "seed",
    ]
    public var understandsEffort = false
    /// Cache breakpoints are meant for the provider behind the server.
    public var keepsCacheControl = false
    /// The member of a request that names its conversation, so that the server keeps its requests together; nil where it has none.
    public var sessionMember: String?
    /// Knows `PUT /v1/prefixes/{digest}`, and tells prompt and cached counts in its first chunk.
    public var isNative = false
    /// A 404 may mean that generation failed, not that the model is unknown.
    public var notFoundMayMeanFailure = false
    /// A model id that names no model: the first loaded one is asked for.
    public var discoversModel = false
    /// Requests that the server can be asked at once; more wait in the proxy, since the server would block on them. Nil: any number.
    public var maximumConcurrent: Int?
    /// Members that every request carries.
    public var extra: JSONObject = [:]

    public init(name: String) { self.name = name }

    /// The dialect of the settings' name; nil where there is none.
    public init?(named name: String) {
        guard let dialect = Self.all.first(where: { $0.name == name }) else { return nil }
        self = dialect
    }

    public static let all: [BackendDialect] = [.native, .generic, .lmstudio, .openrouter, .llamaServer, .vllm, .mlxLM, .mlxTextgen]
}
