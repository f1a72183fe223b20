/// What was seen on a machine before a first configuration is written: a value, so that what follows from it can be tested.
public struct Machine: Sendable, Equatable {
    /// In the order in which places are looked at: nearer ones first.
    public var models: [FoundModel]
    /// The ids that LM Studio's server lists; nil where none answers.
    public var lmStudio: [String]?
    /// Paths of programs that are on PATH, by name.
    public var programs: [String: String]
    /// Names of variables that hold a key. Never their values.
    public var keys: Set<String>
    public var cores: Int?
    public var memoryBytes: Int?
    /// Configurations that are here already.
    public var configurations: [String]

    public init(
        models: [FoundModel] = [], lmStudio: [String]? = nil, programs: [String: String] = [:], keys: Set<String> = [], cores: Int? = nil,
        memoryBytes: Int? = nil, configurations: [String] = []
    ) {
        self.models = models
        self.lmStudio = lmStudio
        self.programs = programs
        self.keys = keys
        self.cores = cores
        self.memoryBytes = memoryBytes
        self.configurations = configurations
    }

    /// Programs that make a difference.
    public static let knownPrograms = ["claude", "llama-server", "mlx_lm.server", "mlx_textgen", "vllm"]
    /// Variables that make a difference.
    public static let knownKeys = ["ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"]
}

/// A model on the disk.
public struct FoundModel: Sendable, Equatable {
    public enum Form: Sendable, Equatable {
        /// A folder with `config.json` and safetensors.
        /// - Parameters:
        ///   - type: `model_type` of config.json.
        ///   - quantization: its method, as `awq`; `mlx` for MLX's affine 4 and 8 bits, `mlx-…` for its others; nil for none.
        case checkpoint(type: String?, quantization: String?)
        case gguf
    }
    /// As a configuration says it: `./…` and `~/…` where they reach it, else absolute.
    public var path: String
    /// The id under which it is known elsewhere, as `Qwen/Qwen3-0.6B`; nil where the folder's name is all.
    public var id: String?
    public var form: Form
    /// Of the weights.
    public var bytes: Int
    /// Whether a person put it where models are looked for, rather than a tool into its cache.
    public var isOwn: Bool

    public init(path: String, id: String? = nil, form: Form, bytes: Int, isOwn: Bool = false) {
        self.path = path
        self.id = id
        self.form = form
        self.bytes = bytes
        self.isOwn = isOwn
    }

    /// Its size for people, as `2.5 GiB`.
    public var sizeText: String {
        switch bytes {
        case (10 << 30)...: "\(bytes >> 30) GiB"
        case (1 << 30)...: "\(bytes >> 30).\(((bytes >> 20 & 1023) * 10) >> 10) GiB"
        default: "\(max(1, bytes >> 20)) MiB"
        }
    }

    public var name: String { id ?? PathText.lastComponent(path) }

    /// Whether the runtime that comes with anyclaude loads it: its architectures, unquantised or as MLX quantises.
    var isNative: Bool {
        guard case .checkpoint(let type?, let quantization) = form else { return false }
        return ["qwen2", "qwen3", "qwen3_moe", "llama"].contains(type) && (quantization == nil || quantization == "mlx")
    }

    /// What is read of it for each token: all of a dense model, about an eighth of a mixture of experts (`…-A3B`).
    var bytesPerToken: Int {
        if case .checkpoint(let type?, _) = form, type.contains("moe") { return bytes / 8 }
        let isMixture = name.split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber) }).contains { word in
            (word.first == "A" || word.first == "a") && (word.last == "B" || word.last == "b") && word.count > 2
                && word.dropFirst().dropLast().allSatisfy(\.isNumber)
        }
        return isMixture ? bytes / 8 : bytes
    }

    /// Whether a configuration can name it: the compiler says so itself.
    var isNameable: Bool {
        PathText.looksLikePath(path) && Starter.isRight("backends:\n  vllm-mlx:\n    engine: native\n" + modelLines.map { "    \($0)\n" }.joined())
    }

    /// The keys that say where it is.
    var modelLines: [String] {
        guard let id, !id.isEmpty else { return ["model: \(StarterPage.scalar(path))"] }
        return ["model: \(StarterPage.scalar(id))", "modelPath: \(StarterPage.scalar(path))"]
    }
}

enum Starter {
    /// Whether the compiler has nothing to say about a text.
    static func isRight(_ text: String) -> Bool {
        let result = Compiler.compile(CompilerInput(file: SourceFile(path: ".anyclauderc.yaml", bytes: Array(text.utf8))))
        return result.plan != nil && result.diagnostics.isEmpty
    }

    /// Whether a configuration can name a model of LM Studio's.
    static func isNameable(_ id: String) -> Bool { isRight("backend: lmstudio\nbackends:\n  lmstudio: { model: \(StarterPage.scalar(id)) }\n") }
}
