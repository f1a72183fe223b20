extension BackendDialect {
    /// What becomes of a system message in mid-conversation. It is never moved to the front: that would rewrite the prompt's head.
    public enum InlineSystem: Sendable, Equatable {
        case keep
        case fold
        /// The server says it in `GET /v1/capabilities` (`inline_system`).
        case asked
    }

    public struct Images: Sendable, Equatable {
        /// The media types that it can decode; others become words.
        public var formats: Set<String> = ["image/png", "image/jpeg", "image/gif", "image/webp"]
        /// It fetches a picture of an address by itself.
        public var fetchesURLs = true

        public init() {}

        public init(formats: Set<String>, fetchesURLs: Bool) {
            self.formats = formats
            self.fetchesURLs = fetchesURLs
        }
    }

    public enum ThinkingSwitch: Sendable, Equatable {
        case none
        /// `chat_template_kwargs.enable_thinking`
        case templateArgument
        /// OpenRouter's `reasoning` object.
        case reasoningObject
    }

    /// How hard the model is to try (`output_config.effort`); in OpenRouter's `reasoning` object it has a place of its own.
    public enum Effort: Sendable, Equatable {
        case none
        /// `reasoning_effort`
        case member
        /// `chat_template_kwargs.reasoning_effort`
        case templateArgument
    }

    public enum ResponseFormat: Sendable, Equatable {
        /// `response_format.json_schema.{name,schema}` as OpenAI has it.
        case openAI
        /// The same, with the schema that llama.cpp's grammars can be made of.
        case llamaGrammar
        /// `response_format.json_schema` is the schema itself.
        case bareSchema
        /// The server has none: the schema is put to the model in words, behind the last user turn.
        case instruction
    }

    /// What `tool_choice` may be.
    public enum ToolChoices: Sendable, Equatable {
        /// `auto`, `none`, `required` or the name of a function.
        case byName
        /// The words alone.
        case words
        /// The server does not read it.
        case ignored
    }

    /// What becomes of a tool that the conversation loads after its beginning.
    public enum LateTools: Sendable, Equatable {
        /// It joins the end of `tools`: servers call nothing else, though all that follows the tools is computed anew, once.
        case tail
        /// The message that names it carries it (`late_tools`), and all that was computed before stays.
        case inMessages
    }

    /// What becomes of the schemas of tools.
    public enum Schemas: Sendable, Equatable {
        case verbatim
        /// Without the keywords that fail llama.cpp's grammars.
        case llamaGrammar
    }

    public enum TokenCounting: Sendable, Equatable {
        /// `POST /v1/chat/tokenize`, of the native worker
        case chatTokenize
        /// `POST /tokenize` with messages, of vLLM
        case tokenizeMessages
        /// `POST /apply-template`, then `POST /tokenize`
        case applyTemplate
        case unavailable
    }
}
