import Crypto
import Glibc
import JSON

/// A model directory in Hugging Face's layout, read but not run: what it is, where its weights are, what it will need.
///
/// Only headers are read, so it costs milliseconds whatever the model's size. All that is public has been checked: a loader may
/// trust ranges and shapes.
public struct Checkpoint: Sendable {
    /// As given, without a slash at the end.
    public let directory: String
    public let configuration: ModelConfiguration
    public let weights: WeightMap
    /// The safetensors files that are used, sorted by name.
    public let weightFiles: [String]
    public let files: TextFiles
    /// Lower-case hex SHA-256 of configuration, tensor tables and file sizes. It tells checkpoints of different shape or layout
    /// apart at once; two trainings of one shape have the same, so whoever keeps results must also digest the weights' bytes.
    public let fingerprint: String

    /// Reads `config.json`, `generation_config.json` and the headers of the weights.
    public init(directory: String) throws(CheckpointError) {
        var path = directory
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.directory = path
        guard InputFile.isDirectory(path) else {
            throw CheckpointError(
                InputFile.exists(path) ? "is a file, not a model directory" : "no such directory",
                hint: "name a directory that holds config.json and model.safetensors", file: path)
        }
        let file = path + "/config.json"
        guard InputFile.exists(file) else {
            throw CheckpointError("has no config.json", hint: "name a directory that holds config.json and model.safetensors", file: path)
        }
        let reader = try ConfigurationReader(file: file)
        var configuration = try reader.read()
        let generation = path + "/generation_config.json"
        if InputFile.exists(generation) {
            for token in try ConfigurationReader(file: generation).tokens("eos_token_id")
            where !configuration.endTokens.contains(token) && token >= 0 && Int(token) < configuration.vocabularySize {
                configuration.endTokens.append(token)
            }
        }
        let table = try TensorTable(directory: path)
        self.configuration = configuration
        weights = try WeightMapReader(directory: path, configuration: configuration, tensors: table.tensors).read()
        weightFiles = table.headers.map(\.file)
        files = TextFiles(directory: path)
        fingerprint = Self.fingerprint(reader.root, table)
    }

    private static func fingerprint(_ configuration: JSON, _ table: TensorTable) -> String {
        var hash = SHA256()
        func add(_ bytes: [UInt8]) {
            var length = UInt64(bytes.count).littleEndian
            withUnsafeBytes(of: &length) { hash.update(bufferPointer: $0) }
            bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        add(Array("anyclaude-checkpoint/v1".utf8))
        add(configuration.canonicalBytes)
        for header in table.headers {
            add(header.text)
            add(Array(String(header.fileSize).utf8))
        }
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

/// The files that text processing needs.
public struct TextFiles: Sendable, Equatable {
    /// `tokenizer.json`, where it exists.
    public var tokenizer: String?
    public var tokenizerConfiguration: String?
    /// `chat_template.jinja`, where it exists; it wins over `chat_template` in `tokenizer_config.json`.
    public var chatTemplate: String?

    init(directory: String) {
        func find(_ name: String) -> String? { InputFile.exists(directory + "/" + name) ? directory + "/" + name : nil }
        tokenizer = find("tokenizer.json")
        tokenizerConfiguration = find("tokenizer_config.json")
        chatTemplate = find("chat_template.jinja")
    }
}
