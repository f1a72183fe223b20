import JSON

/// Which backend a first configuration uses, and why.
public struct StarterChoice: Sendable, Equatable {
    public enum Backend: Sendable, Equatable {
        case worker(FoundModel, engine: String)
        case lmstudio(model: String?)
        case openrouter
        case claude
    }
    public var backend: Backend
    /// In words that go on after "since".
    public var reason: String

    /// The key under `backends`.
    public var name: String {
        switch backend {
        case .worker: BackendKind.vllmMLX.rawValue
        case .lmstudio: BackendKind.lmstudio.rawValue
        case .openrouter: BackendKind.openrouter.rawValue
        case .claude: BackendKind.claude.rawValue
        }
    }

    /// A model that somebody placed here goes first; then a server that runs already; then what tools have in their caches; then
    /// services elsewhere. `claude` needs nothing.
    public static func of(_ machine: Machine) -> StarterChoice {
        let usable = machine.models.filter { !isEmbedding($0.name) && $0.isNameable }
        if let choice = worker(machine, usable.filter(\.isOwn)) { return choice }
        if let models = machine.lmStudio, let model = models.first(where: { !isEmbedding($0) && Starter.isNameable($0) }) {
            return StarterChoice(backend: .lmstudio(model: model), reason: "LM Studio answers on 127.0.0.1:1234 and lists this model")
        }
        if let choice = worker(machine, usable.filter { !$0.isOwn }) { return choice }
        if machine.lmStudio != nil {
            return StarterChoice(backend: .lmstudio(model: nil), reason: "LM Studio answers on 127.0.0.1:1234; it lists no model yet")
        }
        if machine.keys.contains(EnvironmentVariables.openRouterKey) {
            return StarterChoice(backend: .openrouter, reason: "\(EnvironmentVariables.openRouterKey) is set, and no model was found on this machine")
        }
        return StarterChoice(backend: .claude, reason: "no model was found on this machine; Anthropic's own API works with nothing else")
    }

    /// A model that measures texts instead of writing them, as far as its name says so.
    private static func isEmbedding(_ name: String) -> Bool { ["embed", "rerank"].contains { name.lowercased().contains($0) } }

    /// A processor's memory gives some tens of GB a second: reading more than this for each token is no pleasure.
    private static let pleasantBytes = 8 << 30

    /// Of the models that fit into the memory and that something here can serve: the largest that is not slow, one that the native
    /// runtime loads before others; where all are slow, the least slow one.
    private static func worker(_ machine: Machine, _ models: [FoundModel]) -> StarterChoice? {
        let served = models.compactMap { model in engine(for: model, machine).map { (model: model, engine: $0) } }.filter { fits($0.model, machine) }
        let pleasant = served.filter { $0.model.bytesPerToken <= pleasantBytes }
        func isNative(_ candidate: (model: FoundModel, engine: String)) -> Bool { candidate.engine == EngineName.native.rawValue }
        let preferred = pleasant.contains(where: isNative) ? pleasant.filter(isNative) : pleasant
        // The first of equals stays: nearer places were looked at first.
        let largest = preferred.dropFirst().reduce(preferred.first) { best, next in
            best.map { $0.model.bytes >= next.model.bytes } ?? false ? best : next
        }
        guard let best = largest ?? served.min(by: { $0.model.bytesPerToken < $1.model.bytesPerToken }) else { return nil }
        let how = isNative(best) ? "the runtime that comes with anyclaude loads it" : "`\(best.engine)` serves it"
        let what =
            switch (served.count, largest != nil) {
            case (1, true): "this model was found here, and \(how)"
            case (1, false): "this model was found here, and \(how), though slowly"
            case (let count, true): "\(how), and of \(count) models found here it is the largest of those that are not slow on a processor"
            case (let count, false): "\(how), and of \(count) models found here it is the least slow on a processor"
            }
        return StarterChoice(backend: .worker(best.model, engine: best.engine), reason: what)
    }

    /// Weights, and a quarter more for the context and what runs beside.
    private static func fits(_ model: FoundModel, _ machine: Machine) -> Bool {
        guard let memory = machine.memoryBytes else { return true }
        return model.bytes <= memory - memory / 5
    }

    private static func engine(for model: FoundModel, _ machine: Machine) -> String? {
        func has(_ program: String) -> Bool { machine.programs[program] != nil }
        if model.isNative { return EngineName.native.rawValue }
        switch model.form {
        case .gguf: return has("llama-server") ? EngineName.llamaServer.rawValue : nil
        case .checkpoint(_, let quantization):
            let isMLX = quantization?.hasPrefix("mlx") ?? false
            if has("mlx_lm.server"), quantization == nil || isMLX { return EngineName.mlxLM.rawValue }
            if has("mlx_textgen"), quantization == nil || isMLX { return EngineName.mlxTextgen.rawValue }
            return has("vllm") && !isMLX ? EngineName.vllm.rawValue : nil
        }
    }
}
