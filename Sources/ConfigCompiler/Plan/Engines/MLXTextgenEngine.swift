import JSON
import LaunchPlan

/// MLX-Textgen 0.2.1 through its configuration file, which alone can say everything (facts: its flags have no switch for the
/// cache, and flags beside a file are ignored).
///
/// Its store is found below HOME only, and two models with one folder name would share keys and values that do not fit: each
/// worker and model has a HOME of its own below `mlx-textgen-cache`.
enum MLXTextgenEngine: EngineAdapter {
    /// The server refuses `max_reprocess_tokens` below `min_tokens`; 250 is its own default.
    private static let reprocessDefault = 250

    static func dialect(of worker: Worker) -> String { "mlx-textgen" }
    static func modelID(of worker: Worker) -> String? { worker.backend.modelName }
    static func log(of worker: Worker) -> LogNames.Choice? { .init(preferred: "mlx-textgen-server", otherwise: worker.name) }

    private static func file(_ worker: Worker) -> PlanPath { .rooted(.runtime, "files/\(worker.name)/mlx-textgen.yaml") }

    static func home(_ worker: Worker) -> PlanPath {
        let store = worker.cache[CacheKeys.directory] ?? .rooted(.state, "mlx-textgen-cache")
        let model = worker.backend.modelPath?.description ?? worker.section[BackendKeys.model] ?? ""
        return store.appending("\(worker.name)-\(Fingerprint.hex(of: model))")
    }

    static func service(for worker: Worker) throws -> Service {
        let models = Probe.Check.http(path: "/v1/models", at: worker.tcp)
        return worker.service(
            argv: [worker.program("mlx_textgen"), "serve", "-cf", .path(file(worker))],
            environment: [
                "HOME": .path(home(worker)),
                // Models that are ids come from the hub's store in the user's own home.
                "HF_HOME": .path(.rooted(.home, ".cache/huggingface")),
                "PYTHONPATH": .path(MLXTextgenRepair.folder(for: worker)),
                "PYTHONUNBUFFERED": "1",
            ],
            files: [GeneratedFile(path: file(worker), contents: configuration(worker)), MLXTextgenRepair.file(for: worker)],
            store: KeptStore(kind: .mlxTextgen, path: home(worker), model: worker.backend.modelPath),
            // The list of models answers before a model is loaded, and when none can compute any more: only a token proves that one does.
            // While it streams it answers nothing at all, and the supervisor does not ask.
            probes: worker.probes(at: worker.tcp, startup: oneToken(worker), readiness: models, liveness: oneToken(worker)),
            logFile: worker.logFile)
    }

    /// Shorter than any prompt that its cache keeps or looks for.
    static func oneToken(_ worker: Worker, model: String? = nil) -> Probe.Check {
        let body: JSON = ["model": .string(model ?? worker.backend.modelName ?? ""), "prompt": "Hi", "max_tokens": 1]
        return .post(path: "/v1/completions", body: body.text, at: worker.tcp)
    }

    private static func configuration(_ worker: Worker) -> [PlanValue] {
        let reprocess = max(reprocessDefault, worker.cacheMinimum)
        // A literal block takes any path as it is, without quoting.
        return [
            "model_configs:\n- model_id_or_path: |-\n    ", worker.model,
            .text(
                """

                  tokenizer_repo_or_path: null
                  model_kwargs: null
                  tokenizer_kwargs: null
                  model_name: \(JSON.string(worker.backend.modelName ?? "").text)
                  enable_cache: \(worker.isCached)
                  preprocess_batch_size: 512
                  extra_stop_words: null
                  reasoning_parser: null
                  default_template: null
                host: \(JSON.string(worker.host).text)
                port: \(worker.port)
                api_keys: null
                min_tokens: \(worker.cacheMinimum)
                max_reprocess_tokens: \(reprocess)
                replace_threshold: 0.95
                max_capacity: \(worker.cacheSlots)
                use_reasoning_content: false

                """),
        ]
    }

    static func preflight(for worker: Worker) -> [PreflightCheck] {
        let program = worker.program("mlx_textgen")
        return worker.modelFile + [
            worker.executable(program, worker.programKey),
            worker.check(.mlxTextgen(program: program, model: worker.backend.modelPath), worker.programKey),
            worker.check(.writableDirectory(path: home(worker)), "cache.directory"), worker.memory(slots: 1),
        ]
    }
}
