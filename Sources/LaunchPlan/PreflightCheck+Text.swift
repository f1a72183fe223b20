extension PreflightCheck {
    /// What must hold, in words.
    public var text: String {
        switch requirement {
        case .model(let path): "\(path) is a model that the native runtime can load"
        case .file(let path): "\(path) exists"
        case .executable(let program): "\(program.text) can be executed"
        case .listener(let host, let port): "\(host):\(port) is free"
        case .secret(let reference): "\(reference.text) is set"
        case .processors(let numbers): "the processors \(numbers.map(String.init).joined(separator: ", ")) can be used"
        case .writableDirectory(let path): "\(path) can be written to"
        case .memory(_, _, _, let limit, _): "it fits into \(limit.map { "\(ByteText.text($0)), and into " } ?? "")memory beside the others"
        case .diskSpace(let path, let bytes): "\(path) may grow to \(ByteText.text(bytes))"
        case .mlxTextgen(let program, _), .mlxLM(let program): "the Python packages of \(program.text) work together"
        }
    }
}

extension PlanValue {
    /// For messages: secrets by name.
    public var text: String {
        switch self {
        case .text(let text): text
        case .path(let path): path.description
        case .secret(let reference): reference.text
        case .joined(let parts): parts.map(\.text).joined()
        }
    }
}

extension SecretReference {
    /// For messages: where the secret is, never what it is.
    public var text: String {
        switch self {
        case .env(let name): "the variable \(name)"
        case .file(let path): "the file \(path)"
        case .credential(let name): "the credential \(name)"
        }
    }
}
