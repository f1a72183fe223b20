import JSON

/// The tensors of a checkpoint, from one file or from the shards that an index names.
struct TensorTable {
    let headers: [SafetensorsHeader]
    let tensors: [String: TensorInfo]

    /// `model.safetensors` where it exists, else `model.safetensors.index.json`, as transformers chooses.
    init(directory: String) throws(CheckpointError) {
        let single = directory + "/model.safetensors"
        let index = directory + "/model.safetensors.index.json"
        if InputFile.exists(single) {
            let header = try SafetensorsHeader(file: single)
            headers = [header]
            tensors = Dictionary(header.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        } else if InputFile.exists(index) {
            (headers, tensors) = try Self.shards(index: index, directory: directory)
        } else {
            throw CheckpointError(
                "has neither model.safetensors nor model.safetensors.index.json", hint: "weights in other formats (.bin, .gguf, .npz) are not read",
                file: directory)
        }
    }

    private static func wrong(_ message: String, in index: String) -> CheckpointError {
        CheckpointError(message, hint: "index and shards are not of one model: download all of them again", file: index)
    }

    private static func shards(
        index: String, directory: String
    ) throws(CheckpointError) -> (headers: [SafetensorsHeader], tensors: [String: TensorInfo]) {
        let input = try InputFile(index)
        guard input.size <= 100_000_000 else { throw Self.wrong("is larger than 100 MB", in: index) }
        let bytes = try input.read(count: input.size, at: 0)
        let root: JSON
        do throws(JSONError) {
            root = try JSON(parsing: bytes, maximumDepth: 16)
        } catch {
            throw CheckpointError("is not JSON: \(error)", hint: "download the file again", file: index)
        }
        guard let map = root["weight_map"]?.objectValue, !map.isEmpty else { throw Self.wrong("has no `weight_map`", in: index) }
        var headers: [String: SafetensorsHeader] = [:]
        var byFile: [String: [String: TensorInfo]] = [:]
        var tensors: [String: TensorInfo] = [:]
        for member in map {
            guard let name = member.value.stringValue, !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")), name != "..", name != "." else {
                throw Self.wrong("maps tensor `\(member.key)` to \(member.value.text), not to a file beside it", in: index)
            }
            if headers[name] == nil {
                let path = directory + "/" + name
                guard InputFile.exists(path) else {
                    throw CheckpointError("names the shard `\(name)`, which does not exist", hint: "download the missing file", file: index)
                }
                let header = try SafetensorsHeader(file: path)
                headers[name] = header
                byFile[name] = Dictionary(header.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            }
            guard let tensor = byFile[name]?[member.key] else {
                throw Self.wrong("maps tensor `\(member.key)` to `\(name)`, which does not hold it", in: index)
            }
            tensors[member.key] = tensor
        }
        return (headers.sorted { $0.key < $1.key }.map(\.value), tensors)
    }
}
