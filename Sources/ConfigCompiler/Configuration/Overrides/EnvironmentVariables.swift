/// The variables that have a say, all of them documented; no other variable has any influence on a plan.
public enum EnvironmentVariables {
    struct Variable: Sendable {
        enum Target: Sendable {
            case key(String)
            /// A key of the backend that has one of these names.
            case backend([String], key: String)
        }
        var name: String
        var target: Target
        /// The value is a secret: the plan refers to the variable instead of reading it.
        var isSecret = false
        /// The unit of a value that is a bare number, as the earlier tool wrote it.
        var unit = ""
    }

    /// A variable of the earlier tool's own that changes nothing here.
    struct Unused: Sendable {
        var name: String
        var reason: String
    }

    /// Names that other programs use as well are not among them: nobody set those for this one.
    static let unused: [Unused] =
        ["NODES", "STRATEGY", "HEALTH_INTERVAL", "ENABLED"].map {
            Unused(name: "MLX_CLUSTER_\($0)", reason: "the nodes are backends in the file, with routes to them")
        }
        + ["FILTER_TIER", "COMPRESS_AT", "KEEP_RECENT", "TOOL_RESULT_MAX", "KV_CACHE_ENABLED", "KV_CACHE_DIR", "KV_CACHE_MAX_SIZE", "TELEMETRY"].map {
            Unused(name: "ANYCLAUDE_\($0)", reason: "the earlier tool never read it")
        } + [Unused(name: "ANYCLAUDE_LOG_FORMAT", reason: "services log lines of text (`anyclaude logs`)")]

    /// Every name of the kind, its own first.
    private static let worker = BackendKind.choices.filter { $0.name == BackendKind.vllmMLX.rawValue }.flatMap { [$0.name] + $0.aliases }

    static let table: [Variable] =
        [
            Variable(name: "ANYCLAUDE_MODE", target: .key("backend")),
            Variable(name: "ANYCLAUDE_PORT", target: .key("proxy.port")),
            Variable(name: "ANYCLAUDE_REQUEST_TIMEOUT", target: .key("proxy.limits.firstByteTimeout"), unit: "ms"),
        ]
        + backend("LOCAL", worker, ["URL": "baseUrl", "MODEL": "model", "API_KEY": "apiKey", "CONTEXT_LENGTH": "contextWindow"])
        + backend("MLX", worker, ["URL": "baseUrl", "MODEL": "model", "API_KEY": "apiKey", "MODEL_PATH": "modelPath"])
        + backend("VLLM_MLX", worker, ["URL": "baseUrl", "MODEL": "model", "API_KEY": "apiKey"])
        + backend("LMSTUDIO", ["lmstudio"], ["URL": "baseUrl", "MODEL": "model", "API_KEY": "apiKey", "CONTEXT_LENGTH": "contextWindow"])
        + backend("OPENROUTER", ["openrouter"], ["BASE_URL": "baseUrl", "MODEL": "model", "API_KEY": "apiKey"])

    private static func backend(_ prefix: String, _ names: [String], _ keys: KeyValuePairs<String, String>) -> [Variable] {
        keys.map { Variable(name: "\(prefix)_\($0.key)", target: .backend(names, key: $0.value), isSecret: $0.value == "apiKey") }
    }

    /// Their names, for a caller that picks them from its environment.
    public static var all: [String] { table.map(\.name) + unused.map(\.name) }

    /// The variable that holds OpenRouter's key where the file says nothing else.
    static let openRouterKey = "OPENROUTER_API_KEY"
}
