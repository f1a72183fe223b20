import Glibc
import JSON

/// A model of any architecture, by its files alone: how large the weights are, and what a token's keys and values take where config.json tells.
///
/// For programs that are not ours: nothing is refused, and what cannot be known is nil.
public struct ModelFiles: Sendable, Equatable {
    /// Bytes of the safetensors or GGUF files; nil where there are none.
    public var weightBytes: Int?
    /// Keys and values of one token over all layers, at the model's own precision.
    public var kvBytesPerToken: Int?
    /// Positions that the model was trained for.
    public var maxPositions: Int?

    /// - Parameter path: a folder in Hugging Face's layout, a GGUF file, or the hub's folder of a model (`models--org--name`).
    /// - Returns: nil where nothing is at `path`.
    public init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFREG {
            weightBytes = Int(status.st_size)
            return
        }
        let folder = Self.snapshot(of: path) ?? path
        weightBytes = Self.weights(in: folder)
        guard let file = try? InputFile(folder + "/config.json"), file.size <= 16 << 20, let bytes = try? file.read(count: file.size, at: 0),
            let configuration = try? JSON(parsing: bytes)
        else { return }
        let shape = ContextShape(configuration)
        kvBytesPerToken = shape.kvBytesPerToken
        maxPositions = shape.maxPositions
    }

    /// The snapshot that the hub's folder calls `main`; nil for any other folder.
    private static func snapshot(of path: String) -> String? {
        guard let file = try? InputFile(path + "/refs/main"), file.size <= 256, let bytes = try? file.read(count: file.size, at: 0) else {
            return nil
        }
        let revision = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard !revision.isEmpty, !revision.contains("/"), !revision.hasPrefix(".") else { return nil }
        let folder = "\(path)/snapshots/\(revision)"
        return InputFile.isDirectory(folder) ? folder : nil
    }

    /// Of all weight files: a folder that has them in two formats says no more than that.
    private static func weights(in folder: String) -> Int? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var sums: [String: Int] = [:]
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            var status = stat()
            guard let dot = name.lastIndex(of: "."), ["safetensors", "gguf"].contains(name[dot...].dropFirst()),
                stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG
            else { continue }
            sums[String(name[dot...]), default: 0] += Int(status.st_size)
        }
        return sums[".safetensors"] ?? sums[".gguf"]
    }
}

/// What config.json says about keys and values, for any architecture that has them in the usual way.
struct ContextShape: Equatable {
    var kvBytesPerToken: Int?
    var maxPositions: Int?

    init(_ configuration: JSON) {
        // Models that see have the language model's numbers in a section of their own.
        let root = configuration["text_config"]?.objectValue == nil ? configuration : configuration["text_config"] ?? .null
        func count(_ key: String) -> Int? { root[key]?.intValue.flatMap { (1...1 << 30).contains($0) ? $0 : nil } }
        maxPositions = count("max_position_embeddings")
        // Compressed keys and values have another form.
        guard root["kv_lora_rank"]?.intValue == nil, let layers = Self.attentionLayers(root) ?? count("num_hidden_layers"),
            let heads = count("num_key_value_heads") ?? count("num_attention_heads")
        else { return }
        var head = count("head_dim")
        if head == nil, let hidden = count("hidden_size"), let all = count("num_attention_heads") { head = hidden / all }
        guard let head, layers <= 4096, heads <= 4096, head <= 1 << 16 else { return }
        let type = root["dtype"]?.stringValue ?? root["torch_dtype"]?.stringValue ?? configuration["torch_dtype"]?.stringValue
        kvBytesPerToken = 2 * layers * heads * head * (type == "float32" ? 4 : 2)
    }

    /// Layers of a linear kind keep no keys and values of each token.
    private static func attentionLayers(_ root: JSON) -> Int? {
        guard let kinds = root["layer_types"]?.arrayValue, !kinds.isEmpty else { return nil }
        return kinds.count { kind in
            guard let kind = kind.stringValue else { return false }
            return kind.hasSuffix("attention") && kind != "linear_attention"
        }
    }
}
