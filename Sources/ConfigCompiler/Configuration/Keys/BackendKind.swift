/// What stands behind a backend. The names are those of the earlier tool, which called one thing by many.
enum BackendKind: String, Sendable, CaseIterable {
    case vllmMLX = "vllm-mlx"
    case lmstudio
    case openrouter
    case claude

    static let choices = [
        Choice(
            vllmMLX.rawValue, "a worker that is started here, or any server of the OpenAI API",
            aliases: ["mlx-textgen", "mlx", "mlx-lm", "mlx-legacy", "local"]),
        Choice(lmstudio.rawValue, "LM Studio"),
        Choice(openrouter.rawValue, "OpenRouter"),
        Choice(claude.rawValue, "Anthropic's own API, passed through unchanged"),
    ]

    /// The kind that a name stands for.
    init?(name: String) {
        guard let choice = Self.choices.first(where: { $0.name == name || $0.aliases.contains(name) }) else { return nil }
        self.init(rawValue: choice.name)
    }

    var defaultBaseURL: BaseURL? {
        switch self {
        case .vllmMLX: nil
        case .lmstudio: BaseURL(scheme: "http", host: "localhost", port: 1234, path: "/v1")
        case .openrouter: BaseURL(scheme: "https", host: "openrouter.ai", port: nil, path: "/api/v1")
        case .claude: BaseURL(scheme: "https", host: "api.anthropic.com", port: nil, path: "")
        }
    }

    var defaultModel: String? {
        switch self {
        case .lmstudio: "current-model"
        case .openrouter: "z-ai/glm-4.6"
        case .vllmMLX, .claude: nil
        }
    }

    /// The port of a worker whose file does not say one.
    static let defaultWorkerPort = 8081
}

/// The program that serves a model.
enum EngineName: String, Sendable, CaseIterable {
    case native
    case mlxTextgen = "mlx-textgen"
    case mlxLM = "mlx-lm"
    case llamaServer = "llama-server"
    case vllm
    case script
    case command

    static let choices = [
        Choice(native.rawValue, "the runtime that comes with anyclaude; needs nothing else"),
        Choice(mlxTextgen.rawValue, "MLX-Textgen (`mlx_textgen serve`)"),
        Choice(mlxLM.rawValue, "`mlx_lm.server` of mlx-lm"),
        Choice(llamaServer.rawValue, "llama.cpp's `llama-server`"),
        Choice(vllm.rawValue, "`vllm serve`"),
        Choice(script.rawValue, "a launcher script, called with model, port and (unless it is Python) log file"),
        Choice(command.rawValue, "any program"),
    ]
}
