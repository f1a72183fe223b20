import LaunchPlan

/// The keys of one backend.
enum BackendKeys {
    static let kind = Key<BackendKind>.choice("kind", BackendKind.choices, "What stands behind the backend.").otherwise(
        "the backend's own name, where that is a kind")
    static let enabled = Key<Bool>.boolean("enabled", default: true, "Whether the backend may be used at all.")
    static let description = Key<String>.prose("description", "A remark for people.")
    static let engine = Key<EngineName>.choice("engine", EngineName.choices, "The program that serves the model on this machine.")
        .otherwise("`script` with serverScript, `command` with command, `native` where the model is a path, else none: the backend is remote")
    static let baseUrl = Key<BaseURL>.url(
        "baseUrl",
        "Where the server answers, with `/v1` where it has it. A worker is started only where this is an address of this machine (loopback, 0.0.0.0)."
    )
    .otherwise("http://localhost:PORT/v1, or the service's own address")
    static let port = Key<Int>.port("port", "The port of a worker on this machine.").otherwise(
        "the port of baseUrl, else \(BackendKind.defaultWorkerPort)")
    static let apiKey = Key<SecretChoice>.secret("apiKey", "The key that is sent upstream.").otherwise("none; OPENROUTER_API_KEY for openrouter")
    static let model = Key<String>.string("model", "The model's id upstream, or the path of its folder (`/…`, `./…`, `~/…`).")
    static let modelPath = Key<PlanPath>.path("modelPath", "The folder of the model, where `model` is the id under which it is offered.")
    static let serverScript = Key<PlanPath>.path(
        "serverScript", "A launcher script; called with MODEL PORT LOG, a Python file (`.py`) with --model MODEL --port PORT.")
    static let pythonVenv = Key<PlanPath>.path("pythonVenv", "The Python environment of a Python engine.").otherwise("the programs on PATH")
    static let command = Key<[String]>.arguments("command", "The program and its arguments for `engine: command`.")
    static let environment = Key<[String: PlanValue]>.variables("environment", "Variables for a started worker; a value may be a secret reference.")
    static let contextWindow = Key<Int>.integer("contextWindow", 256...16_777_216, "Tokens of prompt and answer together.").otherwise(
        "the model's own")
    static let maxTokens = Key<Int>.integer("maxTokens", 1...16_777_216, "The most tokens that one answer may have.").otherwise(
        "what the client asks for")
    static let toolCallDialect = Key<ProxySettings.ToolCallDialect>.choice(
        "toolCallDialect", ProxySettings.ToolCallDialect.choices,
        "How the model writes tool calls, for a server that leaves them in the answer's text: the proxy reads them there."
    ).otherwise("none: the server tells tool calls apart")
    static let reasoningFormat = Key<ProxySettings.ReasoningFormat>.choice(
        "reasoningFormat", ProxySettings.ReasoningFormat.choices,
        "How thinking is marked, for a server that leaves it in the answer's text: the proxy reads it there."
    ).otherwise("none: the server tells thinking apart")
    static let images = Key<ProxySettings.Images>.choice(
        "images", ProxySettings.Images.choices, "What becomes of pictures in a conversation: servers refuse them where the model cannot see."
    ).otherwise("`sent`, but `described` with the native engine, mlx-lm and mlx-textgen")
    static let cache = Key<Section>.section("cache", CacheKeys.scope, "The store of computed keys and values (layer 3).")
    static let health = Key<Section>.section("health", HealthKeys.scope, "When a worker counts as started, ready and alive.")
    static let restart = Key<Section>.section("restart", RestartKeys.scope, "What happens after an exit that nobody asked for.")
    static let stop = Key<Section>.section("stop", StopKeys.scope, "How a worker is stopped.")
    static let resources = Key<Section>.section("resources", ResourceKeys.scope, "What a worker may use.")
    static let idle = Key<Section>.section(
        "idle", IdleKeys.scope,
        "A worker on demand: the first request starts it, and waits for it. Several of them share `budget.memory`: who is not used makes room.")
    static let logs = Key<Section>.section("logs", LogKeys.scope, "What is kept of a worker's output.")
    static let replace = Key<ReplaceMode>.choice(
        "replace",
        [
            Choice(ReplaceMode.overlap.rawValue, "the new instance becomes ready while the old one serves; native engine only"),
            Choice(ReplaceMode.stopFirst.rawValue, "the old instance is gone before the new one starts"),
        ], "How a changed worker is exchanged."
    ).otherwise("`overlap` for a native worker that always runs and whose memory fits twice into the budget, else `stop-first`")
    static let autoStartServer = Key<Bool>.boolean(
        "autoStartServer", default: true, "Whether a worker may be started; false where somebody else starts it.")
    static let startupTimeout = Key<Int>.milliseconds(
        "startupTimeout", 1000...86_400_000, "How long a start may take; an integer counts milliseconds."
    )
    .otherwise("120s")
    static let dependsOn = Key<[PlacedName]>.names("dependsOn", "Workers that must be ready before this one starts; they are started for it.")
    static let maxQueue = Key<Int>.integer("maxQueue", 0...100_000, default: 64, "Requests that wait for a native worker; more are answered 429.")
    static let concurrency = Key<Int>.integer(
        "concurrency", 1...100_000, "Requests that the proxy asks it at a time; more wait, those of different sessions in turn."
    ).otherwise("1 for mlx-textgen, which can do no more; else any number")
    static let maxBatch = Key<Int>.integer("maxBatch", 1...256, default: 8, "Requests that a native worker decodes together.")

    private static let removed = "the earlier tool removed it too; `filterTier` is what took its place"
    static let unused: [KeySpec] = [
        Key.unused("compatibility", "the earlier tool never read it").spec,
        Key.unused("localSearch", inert: [false], "the proxy does no web searches").spec,
        Key.unused("distributed", "one model is served by one machine").spec,
        Key.unused("truncateSystemPrompt", inert: [false], removed).spec,
        Key.unused("systemPromptMaxTokens", removed).spec,
        Key.unused("smartSystemPrompt", inert: [false], removed).spec,
        Key.unused("smartPromptMode", removed).spec,
        Key.unused("promptAdapter", "the earlier tool never read it").spec,
        Key.unused("contextManager", "the earlier tool never read it").spec,
    ]

    /// What `Backend.engine(isNeeded:)` looks at, besides the kind.
    static let decidingNames: Set<String> = [
        enabled.name, autoStartServer.name, baseUrl.name, engine.name, serverScript.name, command.name, modelPath.name, model.name,
    ]

    static let scope = Scope(
        "a backend",
        keys: [
            kind.spec, enabled.spec, description.spec, engine.spec, baseUrl.spec, port.spec, apiKey.spec, model.spec, modelPath.spec,
            serverScript.spec,
            pythonVenv.spec, command.spec, environment.spec, contextWindow.spec, maxTokens.spec, toolCallDialect.spec,
            reasoningFormat.spec, images.spec, cache.spec, health.spec, restart.spec, stop.spec, resources.spec,
            idle.spec, logs.spec, replace.spec, autoStartServer.spec, startupTimeout.spec, dependsOn.spec, maxQueue.spec,
            maxBatch.spec, concurrency.spec,
        ] + ShapingKeys.all + ExtraKeys.all + unused)
}

enum CacheKeys {
    static let enable = Key<Bool>.boolean("enable_cache", default: true, "Whether computed prefixes are kept.").alias("enableCache", "enabled")
    static let slots = Key<Int>.integer("cache_slots", 1...10_000, default: 10, "How many prefixes are kept.").alias("cacheSlots", "slots")
    static let minTokens = Key<Int>.integer("min_tokens_for_cache", 0...1_000_000, default: 100, "A prompt shorter than this is not kept.")
        .alias("minTokensForCache", "minTokens")
    static let directory = Key<PlanPath>.path("directory", "Where the store is kept.").otherwise(
        "below the instance's cache folder, with `mlx-textgen` below its state folder")
    static let maxBytes = Key<Int>.size(
        "maxBytes", 1 << 20...1 << 50, default: 8 << 30,
        "The most that the store may have: on disk, with `mlx-lm` in memory, where only a value that is written is a limit.")
    static let warm = Key<[Section]>.list("warm", WarmKeys.scope, "Prompts that are computed and kept when the native worker has started.")
    static let scope = Scope("a cache", keys: [enable.spec, slots.spec, minTokens.spec, directory.spec, maxBytes.spec, warm.spec])
}

enum WarmKeys {
    static let file = Key<PlanPath>.path(
        "file", "JSON with `messages` and `tools` as a request to `/v1/chat/completions` has them; any other file is the text of a system message."
    ).required()
    static let scope = Scope("a warm prompt", keys: [file.spec])
}
