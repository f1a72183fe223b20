import ConfigCompiler
import JSON

/// What `init` found, what it chose and why, and what comes next.
struct StarterReport {
    let machine: Machine
    let choice: StarterChoice
    private static let shown = 8

    var lines: [String] {
        var found: [(String, String)] = []
        for model in machine.models.prefix(Self.shown) { found.append(("model", "\(Text.line(model.path))  (\(model.sizeText))")) }
        if machine.models.count > Self.shown { found.append(("", "and \(machine.models.count - Self.shown) models more")) }
        if machine.models.isEmpty { found.append(("model", "none")) }
        if let list = machine.lmStudio {
            found.append(("LM Studio", list.isEmpty ? "answers, without a model" : Text.line(list.prefix(Self.shown).joined(separator: ", "))))
        }
        for (name, path) in machine.programs.sorted(by: { $0.key < $1.key }) { found.append((name, Text.line(path))) }
        for key in machine.keys.sorted() { found.append((key, "is set")) }
        var size: [String] = machine.cores.map { ["\($0) cores"] } ?? []
        if let memory = machine.memoryBytes { size.append("\((memory + (1 << 29)) >> 30) GiB of memory") }
        if !size.isEmpty { found.append(("machine", size.joined(separator: ", "))) }
        let width = found.map(\.0.count).max() ?? 0
        return ["found"] + found.map { "  \($0.0.padding(to: width))  \($0.1)" } + ["chose `\(choice.name)`\(modelText), since \(choice.reason)"]
    }

    private var modelText: String {
        switch choice.backend {
        case .worker(let model, let engine): " with \(Text.line(model.name)) (\(engine))"
        case .lmstudio(let model?): " with \(Text.line(model))"
        case .lmstudio(nil), .openrouter, .claude: ""
        }
    }

    /// - Parameter file: where it is not the name that commands look for.
    func next(_ file: String?) -> [String] {
        let option = file.map { " -f \($0)" } ?? ""
        var lines = ["next", "  anyclaude plan\(option)    what would be started", "  anyclaude apply\(option)   start it, and keep it so"]
        lines.append("  anyclaude run\(option) -- claude")
        if machine.programs["claude"] == nil { lines.append("  (`claude` is not on PATH: npm install -g @anthropic-ai/claude-code)") }
        if let old = machine.configurations.first(where: { $0 != file && $0.hasSuffix(".json") }) {
            lines.append("  anyclaude migrate -f \(old)   where the old file is to be kept instead")
        }
        return lines
    }

    /// - Parameters:
    ///   - path: the file that was written.
    ///   - backup: what keeps its old text.
    ///   - text: what would have been written.
    func document(path: String?, backup: String?, text: String?) -> JSON {
        let models = machine.models.map { model -> JSON in
            var members: JSONObject = ["path": .string(model.path), "bytes": .integer(model.bytes)]
            if let id = model.id { members["id"] = .string(id) }
            switch model.form {
            case .gguf: members["form"] = "gguf"
            case .checkpoint(let type, let quantization):
                members["form"] = "checkpoint"
                members["type"] = type.map(JSON.string)
                members["quantization"] = quantization.map(JSON.string)
            }
            return .object(members)
        }
        var chosen: JSONObject = ["backend": .string(choice.name), "reason": .string(choice.reason)]
        if case .worker(let model, let engine) = choice.backend {
            chosen["model"] = .string(model.path)
            chosen["engine"] = .string(engine)
        }
        if case .lmstudio(let model?) = choice.backend { chosen["model"] = .string(model) }
        let programs = machine.programs.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: .string($0.value)) }
        let found: JSON = [
            "models": .array(models), "lmstudio": machine.lmStudio.map { .array($0.map(JSON.string)) } ?? .null,
            "programs": .object(JSONObject(programs)), "keys": .array(machine.keys.sorted().map(JSON.string)),
            "cores": machine.cores.map { .integer($0) } ?? .null, "memory_bytes": machine.memoryBytes.map { .integer($0) } ?? .null,
            "configurations": .array(machine.configurations.map(JSON.string)),
        ]
        var document: JSONObject = [
            "found": found, "chosen": .object(chosen), "path": path.map(JSON.string) ?? .null, "backup": backup.map(JSON.string) ?? .null,
        ]
        if let text { document["text"] = .string(text) }
        return JSON.object(document).versioned()
    }
}
