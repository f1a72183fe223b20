/// The blocks below `backends`: the chosen one counts, the others are examples.
struct StarterBackends {
    let machine: Machine
    let choice: StarterChoice
    private static let shownModels = 12

    func write(_ page: inout StarterPage) {
        worker(&page)
        lmStudio(&page)
        openRouter(&page)
        claude(&page)
    }

    /// Lines that count, or are an example.
    private func block(_ page: inout StarterPage, isUsed: Bool, _ lines: [String]) {
        for line in lines { if isUsed { page.use("  \(line)") } else { page.example("  \(line)", column: 2) } }
    }

    private func worker(_ page: inout StarterPage) {
        page.remark("A model on this machine: a worker is started for it and kept running. (anyclaude explain backends.*.engine)", indent: 2)
        var model: FoundModel?
        var engine = EngineName.native.rawValue
        if case .worker(let found, let name) = choice.backend { (model, engine) = (found, name) }
        others(than: model, &page)
        let lines = model?.modelLines ?? ["model: ./models/Qwen3-Coder-30B-A3B-Instruct-MLX-4bit"]
        block(&page, isUsed: model != nil, ["vllm-mlx:", "  engine: \(engine)", "  port: 8081"] + lines.map { "  \($0)" })
        let column = model == nil ? 2 : 4
        func detail(_ remark: String, _ lines: String...) {
            // Within an example, a remark stays one when the example is used.
            for line in StarterPage.wrapped(remark, width: 100) { page.example("    \(line)", column: column, isRemark: model != nil) }
            for line in lines { page.example("    \(line)", column: column) }
        }
        detail("Tokens of prompt and answer together; without it, as many as the model was made for:", "contextWindow: 32768")
        if engine == EngineName.native.rawValue {
            detail(
                "Computed prompts are kept on the disk, so that a long one is read once:",
                "cache: { enable_cache: true, cache_slots: 10, min_tokens_for_cache: 100, maxBytes: 8GiB }")
        }
        detail(
            "How long a start may take, and what the worker may use:", "health: { startup: { timeout: 300s } }",
            "resources: { memory: \(memory(model)) }")
        page.gap()
    }

    /// The other models, as paths to put in the chosen one's place.
    private func others(than chosen: FoundModel?, _ page: inout StarterPage) {
        let others = machine.models.filter { $0 != chosen && $0.isNameable }
        guard !others.isEmpty else { return }
        page.remark(chosen == nil ? "Found here:" : "Also found here:", indent: 2)
        for model in others.prefix(Self.shownModels) { page.use("  #   \(StarterPage.scalar(model.path))  (\(model.sizeText))") }
        if others.count > Self.shownModels { page.remark("  and \(others.count - Self.shownModels) more", indent: 2) }
    }

    private func memory(_ model: FoundModel?) -> String {
        guard let model else { return "20GiB" }
        return "\(max(1, (model.bytes + model.bytes / 4 + (1 << 30) - 1) >> 30))GiB"
    }

    private func lmStudio(_ page: inout StarterPage) {
        page.remark("LM Studio's server, or any other of the OpenAI API by its baseUrl.", indent: 2)
        var isUsed = false
        var model = machine.lmStudio?.first(where: Starter.isNameable) ?? "current-model"
        if case .lmstudio(let chosen) = choice.backend {
            isUsed = true
            model = chosen ?? "current-model"
        }
        let others = (machine.lmStudio ?? []).filter { $0 != model && Starter.isNameable($0) }
        if !others.isEmpty {
            page.remark("The one here also lists:", indent: 2)
            for other in others.prefix(Self.shownModels) { page.use("  #   \(Self.id(other))") }
        }
        block(&page, isUsed: isUsed, ["lmstudio:", "  baseUrl: http://localhost:1234/v1", "  model: \(Self.id(model))"])
        page.gap()
    }

    private func openRouter(_ page: inout StarterPage) {
        let isSet = machine.keys.contains(EnvironmentVariables.openRouterKey)
        page.remark("OpenRouter, with the key in \(EnvironmentVariables.openRouterKey)\(isSet ? ", which is set here" : "").", indent: 2)
        block(
            &page, isUsed: choice.backend == .openrouter,
            ["openrouter:", "  apiKey: { env: \(EnvironmentVariables.openRouterKey) }", "  model: z-ai/glm-4.6"])
        page.gap()
    }

    private func claude(_ page: inout StarterPage) {
        page.remark("Anthropic's own API, passed through unchanged with Claude Code's own login.", indent: 2)
        block(&page, isUsed: choice.backend == .claude, ["claude: {}"])
        page.gap()
    }

    /// An id as a value: what looks like a number or a word of YAML's must not become one.
    private static func id(_ text: String) -> String {
        text == "current-model" ? text : StarterPage.scalar(text)
    }
}
