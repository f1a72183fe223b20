import LaunchPlan

extension PreflightCheck {
    /// What must hold, in words.
    var text: String {
        switch requirement {
        case .model(let path): "\(path) is a model that the native runtime can load"
        case .file(let path): "\(path) exists"
        case .executable(let program): "\(program.text) can be executed"
        case .listener(let host, let port): "\(host):\(port) is free"
        case .secret(let reference): "\(reference.text) is set"
        case .processors(let numbers): "the processors \(numbers.map(String.init).joined(separator: ", ")) can be used"
        case .writableDirectory(let path): "\(path) can be written to"
        case .memory(let model, let context, let slots, let limit):
            "\(model) with \(slots) context\(slots == 1 ? "" : "s") of \(context.map { "\($0)" } ?? "all its") tokens fits into \(limit.map { "\($0 >> 20) MiB" } ?? "this machine's memory")"
        }
    }
}

extension PlanValue {
    /// For messages: secrets by name.
    var text: String {
        switch self {
        case .text(let text): text
        case .path(let path): path.description
        case .secret(let reference): reference.text
        case .joined(let parts): parts.map(\.text).joined()
        }
    }
}

extension SecretReference {
    var text: String {
        switch self {
        case .env(let name): "the variable \(name)"
        case .file(let path): "the file \(path)"
        case .credential(let name): "the credential \(name)"
        }
    }
}
