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
    }

    private static let worker = ["vllm-mlx", "mlx", "mlx-textgen", "mlx-lm", "local"]

    static let table: [Variable] =
        [
            Variable(name: "ANYCLAUDE_MODE", target: .key("backend")),
            Variable(name: "ANYCLAUDE_PORT", target: .key("proxy.port")),
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
    public static var all: [String] { table.map(\.name) }

    /// The variable that holds OpenRouter's key where the file says nothing else.
    static let openRouterKey = "OPENROUTER_API_KEY"
}
