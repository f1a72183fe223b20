import ConfigCompiler
import Control
import Glibc
import JSON

/// Looks for models in the folders where they usually are; bounded in time, in depth and in the number of names it looks at.
struct ModelSearch {
    private let caller: Caller
    private let deadline: Deadline
    private var names = 0
    private(set) var models: [FoundModel] = []
    /// Real paths that were seen, so that a link does not show a model twice.
    private var seen: Set<String> = []
    /// Whether there was more than the bounds allow.
    private(set) var isCut = false

    private static let mostNames = 20_000
    private static let mostModels = 200
    private static let depth = 4

    init(caller: Caller, milliseconds: Int) {
        self.caller = caller
        deadline = .after(milliseconds: milliseconds)
    }

    mutating func run() {
        for folder in ["\(caller.directory)/models", "\(caller.home)/models", "\(caller.home)/.anyclaude/models"] { walk(folder, isOwn: true) }
        hub(hubFolder)
        for folder in ["\(caller.home)/.lmstudio/models", "\(caller.home)/.cache/lm-studio/models"] { walk(folder, isOwn: false) }
    }

    /// Hugging Face's cache: `models--OWNER--NAME/snapshots/REVISION`.
    private var hubFolder: String {
        func variable(_ name: String) -> String? { caller.environment[name].flatMap { $0.isEmpty ? nil : caller.absolute($0) } }
        return variable("HF_HUB_CACHE") ?? variable("HF_HOME").map { "\($0)/hub" } ?? "\(caller.home)/.cache/huggingface/hub"
    }

    private mutating func hub(_ folder: String) {
        for name in list(folder) where name.hasPrefix("models--") {
            let snapshots = "\(folder)/\(name)/snapshots"
            let current = (try? Files.read("\(folder)/\(name)/refs/main", maximum: 256)).map { bytes in
                String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            }
            let revisions = list(snapshots)
            let id = name.dropFirst("models--".count).split(separator: "--").joined(separator: "/")
            guard let revision = revisions.first(where: { $0 == current }) ?? revisions.first else { continue }
            walk("\(snapshots)/\(revision)", isOwn: false, id: id, depth: 1)
        }
    }

    private mutating func walk(_ folder: String, isOwn: Bool, id: String? = nil, depth: Int = 0) {
        guard depth < Self.depth, models.count < Self.mostModels else {
            isCut = isCut || models.count >= Self.mostModels
            return
        }
        let names = list(folder)
        let weights = names.filter { $0.hasSuffix(".safetensors") }
        if names.contains("config.json"), !weights.isEmpty {
            if let form = form(folder) { add(folder, id: id, form: form, bytes: size(folder, weights), isOwn) }
            return
        }
        for name in names where name.hasSuffix(".gguf") && !name.hasPrefix("mmproj") {
            gguf(folder, name, names, isOwn)
        }
        for name in names where !name.hasPrefix(".") && isFolder("\(folder)/\(name)") { walk("\(folder)/\(name)", isOwn: isOwn, depth: depth + 1) }
    }

    /// A model in several files is named by its first one.
    private mutating func gguf(_ folder: String, _ name: String, _ names: [String], _ isOwn: Bool) {
        var files = [name]
        let parts = name.dropLast(".gguf".count).split(separator: "-")
        if parts.count > 3, parts[parts.count - 2] == "of", let number = Int(parts[parts.count - 3]) {
            guard number == 1 else { return }
            let stem = parts.dropLast(3).joined(separator: "-")
            files = names.filter { $0.hasPrefix(stem + "-") && $0.hasSuffix("-of-\(parts[parts.count - 1]).gguf") }
        }
        add("\(folder)/\(name)", form: .gguf, bytes: size(folder, files), isOwn)
    }

    private mutating func add(_ path: String, id: String? = nil, form: FoundModel.Form, bytes: Int, _ isOwn: Bool) {
        guard models.count < Self.mostModels, let real = try? Paths.real(path), seen.insert(real).inserted else { return }
        models.append(FoundModel(path: spelt(path), id: id, form: form, bytes: bytes, isOwn: isOwn))
    }

    /// As a person would write it in a configuration of the current folder.
    private func spelt(_ path: String) -> String {
        if path.hasPrefix(caller.directory + "/") { return "./\(path.dropFirst(caller.directory.count + 1))" }
        if caller.home != "/", path.hasPrefix(caller.home + "/") { return "~/\(path.dropFirst(caller.home.count + 1))" }
        return path
    }

    /// What config.json says of the model; nil where it does not write texts.
    private func form(_ folder: String) -> FoundModel.Form? {
        guard let bytes = try? Files.read("\(folder)/config.json", maximum: 1 << 20), let document = try? JSON(parsing: bytes) else {
            return .checkpoint(type: nil, quantization: nil)
        }
        let architectures = (document["architectures"]?.arrayValue ?? []).compactMap(\.stringValue)
        let writes = architectures.contains { name in ["ForCausalLM", "ForConditionalGeneration", "LMHeadModel"].contains { name.hasSuffix($0) } }
        guard architectures.isEmpty || writes else { return nil }
        return .checkpoint(type: document["model_type"]?.stringValue, quantization: Self.quantization(document))
    }

    static func quantization(_ document: JSON) -> String? {
        if let method = document["quantization_config"]?["quant_method"]?.stringValue { return method }
        guard let section = document["quantization"] ?? document["quantization_config"], section.objectValue != nil else { return nil }
        let bits = section["bits"]?.intValue ?? 0
        let mode = section["mode"]?.stringValue ?? "affine"
        return mode == "affine" && [4, 8].contains(bits) ? "mlx" : "mlx-\(mode)-\(bits)"
    }

    /// The names in a folder, in order. One that is not UTF-8 cannot be written into a configuration.
    private mutating func list(_ folder: String) -> [String] {
        guard names < Self.mostNames, !deadline.hasPassed else {
            isCut = true
            return []
        }
        let found = Paths.names(in: folder, most: Self.mostNames - names).filter { $0 != "." && $0 != ".." && !$0.contains("\u{FFFD}") }.sorted()
        names += found.count
        return found
    }

    private func size(_ folder: String, _ names: [String]) -> Int {
        names.reduce(0) { sum, name in
            var status = stat()
            return stat("\(folder)/\(name)", &status) == 0 ? sum &+ Int(status.st_size) : sum
        }
    }

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

extension Paths {
    /// The first names in a folder, in the order of the file system.
    static func names(in path: String, most: Int) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < most, let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
