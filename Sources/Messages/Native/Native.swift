import JSON

/// What the proxy asks of the native runtime beyond the chat-completions API.
public enum Native {
    /// The body of `POST /v1/chat/tokenize`'s answer.
    public struct TokenCount: Codable, Sendable, Equatable {
        /// Tokens of the rendered prompt.
        public var count: Int
        /// Of these, how many the KV cache holds at this time.
        public var cached: Int
        public init(count: Int, cached: Int) {
            self.count = count
            self.cached = cached
        }
    }

    /// The body of `GET /v1/capabilities`'s answer.
    public struct Capabilities: Codable, Sendable, Equatable {
        public var model: String
        /// Tokens of prompt and answer together.
        public var contextWindow: Int
        /// Whether the chat template renders a system message in the middle of a conversation, in its place.
        public var inlineSystem: Bool
        /// The name of the dialect in which the model writes tool calls; nil where it calls none.
        public var toolDialect: String?
        /// Whether the model thinks in a block of its own before it answers.
        public var reasoning: Bool
        public var vocabSize: Int
        /// Of all that decides an answer: two workers with the same one answer the same. Nil where the worker does not say.
        public var fingerprint: String?

        public init(
            model: String, contextWindow: Int, inlineSystem: Bool, toolDialect: String?, reasoning: Bool, vocabSize: Int, fingerprint: String? = nil
        ) {
            self.model = model
            self.contextWindow = contextWindow
            self.inlineSystem = inlineSystem
            self.toolDialect = toolDialect
            self.reasoning = reasoning
            self.vocabSize = vocabSize
            self.fingerprint = fingerprint
        }

        enum CodingKeys: String, CodingKey {
            case model, reasoning, fingerprint
            case contextWindow = "context_window"
            case inlineSystem = "inline_system"
            case toolDialect = "tool_dialect"
            case vocabSize = "vocab_size"
        }
    }

    /// The body of `PUT /v1/prefixes/{digest}`: what several requests begin with.
    public struct Prefix: Sendable, Equatable {
        /// The leading system messages.
        public var messages: [JSON]
        public var tools: [JSON]

        public init(messages: [JSON], tools: [JSON]) {
            self.messages = messages
            self.tools = tools
        }

        public init(_ json: JSON) throws(OpenAI.Failure) {
            func list(_ key: String) throws(OpenAI.Failure) -> [JSON] {
                guard let value = json[key], !value.isNull else { return [] }
                guard case .array(let elements) = value, elements.allSatisfy({ $0.objectValue != nil }) else {
                    throw .invalidRequest("`\(key)` must be a list of objects", param: key)
                }
                return elements
            }
            messages = try list("messages")
            tools = try list("tools")
        }

        public var json: JSON { ["messages": .array(messages), "tools": .array(tools)] }

        /// The bytes whose SHA-256, in lower-case hexadecimal digits, is the digest.
        public var digestInput: [UInt8] { json.canonicalBytes }
    }

    /// The body of `PUT /v1/prefixes/{digest}`'s answer.
    public struct PrefixReceipt: Codable, Sendable, Equatable {
        public var digest: String
        /// Tokens of the rendered prefix that are now computed.
        public var tokens: Int
        public init(digest: String, tokens: Int) {
            self.digest = digest
            self.tokens = tokens
        }
    }

    /// The member of a message with the tools that can be called from it on, as `tools` has them: their definitions are rendered behind the
    /// message's content, and whatever is in front of them stays what it was.
    public static let lateToolsMember = "late_tools"

    /// The response header that says how much of the prompt came from the KV cache, as `CacheState` writes it. The proxy hands it on as it is.
    public static let cacheHeader = "x-anyclaude-kv"

    public struct CacheState: Sendable, Equatable {
        /// Tokens that were found, and those of the whole prompt.
        public var hit: Int
        public var prompt: Int
        /// What reading from disk took; 0 where nothing was read.
        public var restoredMilliseconds: Int
        /// `memory`, `disk` or `none`.
        public var source: String

        public init(hit: Int, prompt: Int, restoredMilliseconds: Int, source: String) {
            self.hit = hit
            self.prompt = prompt
            self.restoredMilliseconds = restoredMilliseconds
            self.source = source
        }

        /// `hit=N; prompt=N; restored_ms=N; source=memory|disk|none`.
        public var text: String { "hit=\(hit); prompt=\(prompt); restored_ms=\(restoredMilliseconds); source=\(source)" }
    }

    /// The response header with the fingerprint of the model that answers: the process behind an address may have been replaced.
    public static let modelHeader = "x-anyclaude-model"
}
