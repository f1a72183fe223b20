import Glibc
import Synchronization

@testable import InferenceRuntime

/// A checkpoint of random weights in a directory of its own, which goes with it.
final class TinyModel: Sendable {
    let directory: String
    static let vocabulary = 300
    private static let number = Atomic<Int>(0)

    /// Two layers, grouped heads, an uneven feed-forward width. `seed` makes other weights of the same shape.
    init(seed: UInt64 = 1, window: Int = 4096) throws {
        directory = try TemporaryDirectory.make()
        let (hidden, heads, groups, head, width, layers) = (64, 4, 2, 16, 104, 2)
        let config = """
            {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": \(head), "hidden_size": \(hidden),
             "intermediate_size": \(width), "max_position_embeddings": \(window), "num_attention_heads": \(heads),
             "num_hidden_layers": \(layers), "num_key_value_heads": \(groups), "rms_norm_eps": 1e-06, "rope_theta": 10000.0,
             "tie_word_embeddings": true, "vocab_size": \(Self.vocabulary), "eos_token_id": 2}
            """
        var shapes: [(String, [Int])] = [("model.embed_tokens.weight", [Self.vocabulary, hidden]), ("model.norm.weight", [hidden])]
        for layer in 0..<layers {
            let name = "model.layers.\(layer)."
            shapes += [
                (name + "input_layernorm.weight", [hidden]), (name + "post_attention_layernorm.weight", [hidden]),
                (name + "self_attn.q_proj.weight", [heads * head, hidden]), (name + "self_attn.k_proj.weight", [groups * head, hidden]),
                (name + "self_attn.v_proj.weight", [groups * head, hidden]), (name + "self_attn.o_proj.weight", [hidden, heads * head]),
                (name + "self_attn.q_norm.weight", [head]), (name + "self_attn.k_norm.weight", [head]),
                (name + "mlp.gate_proj.weight", [width, hidden]), (name + "mlp.up_proj.weight", [width, hidden]),
                (name + "mlp.down_proj.weight", [hidden, width]),
            ]
        }
        var random = RandomNumbers(seed: seed)
        var header: [String] = []
        var data: [UInt8] = []
        for (name, shape) in shapes {
            let count = shape.reduce(1, *)
            let isNorm = shape.count == 1
            let begin = data.count
            for _ in 0..<count {
                let value = Float(random.unit() - 0.5) * (isNorm ? 0.4 : 0.5) + (isNorm ? 1 : 0)
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
            header.append("\"\(name)\": {\"dtype\": \"F32\", \"shape\": \(shape), \"data_offsets\": [\(begin), \(data.count)]}")
        }
        let text = Array("{\(header.joined(separator: ", "))}".utf8)
        var file: [UInt8] = []
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { file.append(contentsOf: $0) }
        try TemporaryDirectory.write(Array(config.utf8), to: directory + "/config.json")
        try TemporaryDirectory.write(file + text + data, to: directory + "/model.safetensors")
    }

    deinit { TemporaryDirectory.remove(directory) }

    func load(_ precision: Precision = .reference, threads: Int = 2) throws -> LanguageModel {
        try LanguageModel(directory: directory, precision: precision, threads: threads)
    }

    /// So many tokens that look random and are always the same.
    static func tokens(_ count: Int, seed: UInt64 = 7) -> [Int32] {
        var random = RandomNumbers(seed: seed)
        return (0..<count).map { _ in Int32(random.next() % UInt64(vocabulary)) }
    }
}

/// Directories of tests, without Foundation.
enum TemporaryDirectory {
    struct Failure: Error { var path: String }

    static func make() throws -> String {
        var template = Array("/tmp/anyclaude-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(path: "/tmp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "we") else { throw Failure(path: path) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure(path: path) }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "re") else { throw Failure(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&part, 1, part.count, file), count > 0 { bytes += part[..<count] }
        return bytes
    }

    static func names(_ path: String) -> [String] {
        guard let handle = opendir(path) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func remove(_ path: String) {
        for name in names(path) { remove(path + "/" + name) }
        if rmdir(path) != 0 { unlink(path) }
    }

    /// All regular files below, by path.
    static func files(_ path: String) -> [String] {
        names(path).flatMap { name -> [String] in
            var status = stat()
            guard stat(path + "/" + name, &status) == 0 else { return [] }
            return status.st_mode & S_IFMT == S_IFDIR ? files(path + "/" + name) : [path + "/" + name]
        }
    }
}
