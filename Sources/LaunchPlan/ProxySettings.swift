/// What the proxy needs to know: written by the compiler, delivered by the supervisor as descriptor `settings`.
public struct ProxySettings: Codable, Sendable, Equatable {
    public var backends: [Backend]
    /// Where requests go that no route takes.
    public var defaultBackend: String
    /// Who is asked, in this order, where the default backend cannot answer.
    public var fallback: [String]?
    /// In order; the first that matches wins.
    public var routes: [Route]
    /// The id, in the descriptor `secrets`, of the token that clients must present; nil means loopback without one.
    public var authToken: String?
    /// Nil where clients speak plain HTTP.
    public var tls: TLS?
    public var promptCache: PromptCache
    public var responseCache: ResponseCache
    public var limits: Limits
    /// Nil in plans of before 1.1, which means the same as the defaults.
    public var retry: Retry?
    /// Nil in plans of before 1.1, which means the same as the defaults.
    public var breaker: Breaker?
    public var directories: Directories
    /// How long requests in flight may take to finish after SIGTERM; nil leaves it to the proxy.
    public var drainMs: Int?
    /// Nil where no line is written of requests.
    public var requestLog: RequestLog?
    /// Nil where exchanges are not kept.
    public var capture: Capture?

    public init(
        backends: [Backend], defaultBackend: String, fallback: [String]? = nil, routes: [Route] = [], authToken: String? = nil, tls: TLS? = nil,
        promptCache: PromptCache = PromptCache(), responseCache: ResponseCache = ResponseCache(), limits: Limits = Limits(), retry: Retry? = nil,
        breaker: Breaker? = nil, directories: Directories, drainMs: Int? = nil, requestLog: RequestLog? = nil, capture: Capture? = nil
    ) {
        self.backends = backends
        self.defaultBackend = defaultBackend
        self.fallback = fallback
        self.routes = routes
        self.authToken = authToken
        self.tls = tls
        self.promptCache = promptCache
        self.responseCache = responseCache
        self.limits = limits
        self.retry = retry
        self.breaker = breaker
        self.directories = directories
        self.drainMs = drainMs
        self.requestLog = requestLog
        self.capture = capture
    }

    /// The ids of all secrets that the settings use.
    public var secretIDs: [String] { [authToken, tls?.key].compactMap { $0 } + backends.compactMap(\.apiKey) }

    enum CodingKeys: String, CodingKey {
        case backends, routes, fallback, tls, limits, retry, breaker, directories, capture
        case requestLog = "request_log"
        case drainMs = "drain_ms"
        case defaultBackend = "default_backend"
        case authToken = "auth_token"
        case promptCache = "prompt_cache"
        case responseCache = "response_cache"
    }

    public struct Backend: Codable, Sendable, Equatable {
        public enum API: String, Codable, Sendable {
            /// The Anthropic API itself: bytes pass unchanged.
            case anthropic
            /// Chat completions, with the habits that `dialect` names.
            case openai
        }
        public enum Target: Codable, Sendable, Equatable {
            /// A service of the plan, reached where a lease says.
            case service(name: String)
            /// A base URL, with `/v1` where the server has it.
            case url(base: String)
        }
        public var name: String
        public var api: API
        /// `native`, `generic`, `lmstudio`, `openrouter`, `mlx-textgen`, `mlx-lm`, `llama-server`, `vllm`.
        public var dialect: String
        public var target: Target
        /// The model id sent upstream; nil sends the client's own.
        public var model: String?
        /// The id of the key in the descriptor `secrets`.
        public var apiKey: String?
        public var contextWindow: Int?
        public var maxOutputTokens: Int?
        /// The notation of tool calls that the server leaves in the answer's text; nil where it tells them apart.
        public var toolCallDialect: ToolCallDialect?
        /// How thinking that the server leaves in the answer's text is marked; nil where it tells it apart.
        public var reasoningFormat: ReasoningFormat?

        /// Requests that it is asked at a time; more wait in the proxy. Nil: any number.
        public var concurrency: Int?
        public var shaping: Shaping?
        public var sampling: Sampling?
        public var extras: Extras?
        /// Nil leaves it to what the server's dialect can take.
        public var images: Images?

        public init(
            name: String, api: API, dialect: String, target: Target, model: String? = nil, apiKey: String? = nil, contextWindow: Int? = nil,
            maxOutputTokens: Int? = nil, concurrency: Int? = nil, toolCallDialect: ToolCallDialect? = nil, reasoningFormat: ReasoningFormat? = nil,
            shaping: Shaping? = nil, sampling: Sampling? = nil, extras: Extras? = nil, images: Images? = nil
        ) {
            self.name = name
            self.api = api
            self.dialect = dialect
            self.target = target
            self.model = model
            self.apiKey = apiKey
            self.contextWindow = contextWindow
            self.maxOutputTokens = maxOutputTokens
            self.concurrency = concurrency
            self.toolCallDialect = toolCallDialect
            self.reasoningFormat = reasoningFormat
            self.shaping = shaping
            self.sampling = sampling
            self.extras = extras
            self.images = images
        }

        enum CodingKeys: String, CodingKey {
            case name, api, dialect, target, model, concurrency, shaping, sampling, extras, images
            case apiKey = "api_key"
            case contextWindow = "context_window"
            case maxOutputTokens = "max_output_tokens"
            case toolCallDialect = "tool_call_dialect"
            case reasoningFormat = "reasoning_format"
        }
    }

    /// The server's side of TLS for clients on other machines.
    public struct TLS: Codable, Sendable, Equatable {
        /// The certificate and those that vouch for it, in PEM, the server's own first.
        public var certificate: PlanPath
        /// The id, in the descriptor `secrets`, of the private key in PEM.
        public var key: String
        /// The name by which clients must ask for the proxy; nil where its address will do.
        public var serverName: String?

        public init(certificate: PlanPath, key: String, serverName: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.serverName = serverName
        }

        enum CodingKeys: String, CodingKey {
            case certificate, key
            case serverName = "server_name"
        }
    }

    /// Layer 1: tools and system are translated once for each hash.
    public struct PromptCache: Codable, Sendable, Equatable {
        public var enabled: Bool
        public var maxBytes: Int

        public init(enabled: Bool = true, maxBytes: Int = 64 << 20) {
            self.enabled = enabled
            self.maxBytes = maxBytes
        }

        enum CodingKeys: String, CodingKey {
            case enabled
            case maxBytes = "max_bytes"
        }
    }

    /// Layer 2: whole answers to identical requests.
    public struct ResponseCache: Codable, Sendable, Equatable {
        /// Which answers are given again after their delivery.
        public enum Policy: String, Codable, Sendable, CaseIterable {
            /// Those that a model would give again: temperature 0, no thinking.
            case deterministic
            /// Those that the client asks for beside its conversations too, as titles.
            case sideCalls = "side-calls"
        }
        public var enabled: Bool
        /// Nil means `deterministic`.
        public var policy: Policy?
        public var ttlMs: Int
        public var maxBytes: Int

        public init(enabled: Bool = true, policy: Policy? = nil, ttlMs: Int = 300_000, maxBytes: Int = 256 << 20) {
            self.enabled = enabled
            self.policy = policy
            self.ttlMs = ttlMs
            self.maxBytes = maxBytes
        }

        enum CodingKeys: String, CodingKey {
            case enabled, policy
            case ttlMs = "ttl_ms"
            case maxBytes = "max_bytes"
        }
    }

    public struct Directories: Codable, Sendable, Equatable {
        /// `responses.sqlite3` and what else can be made again.
        public var cache: PlanPath
        public var logs: PlanPath

        public init(cache: PlanPath, logs: PlanPath) {
            self.cache = cache
            self.logs = logs
        }
    }
}
