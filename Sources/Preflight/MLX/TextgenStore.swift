import Checkpoint
import Glibc
import Host
import JSON

/// The home of an MLX-Textgen 0.2, where it keeps the keys and values of prompts, and what is wrong with it.
///
/// The server writes its index and its files in place and checks nothing that it reads: a half that a kill left answers every request
/// that comes upon it with 500, for ever. It also knows a model by the name of its folder alone, so that what one model computed would
/// be used for the next one in that folder. So the home is looked through while no server runs in it.
package struct TextgenStore: Sendable {
    package let home: String
    /// The folder of the model; nil where it is not on this disk.
    package let model: String?

    package init(home: String, model: String?) {
        self.home = home
        self.model = model
    }

    /// Something that would be removed: what is wrong with it and what is lost, in one line.
    package struct Damage: Equatable, Sendable {
        package var text: String
        var paths: [String]
    }

    private struct Look {
        var damage: [Damage] = []
        /// Indices that lose entries.
        var indices: [(path: String, kept: JSONObject)] = []
    }

    private var cache: String { "\(home)/.cache/mlx_textgen" }
    private var prompts: String { "\(cache)/prompt_cache" }

    /// What `mend` would remove; touches nothing.
    package var damage: [Damage] { look().damage }

    /// Removes what is not whole or of another model, and notes the model for the next time.
    ///
    /// An index goes before what it names: a kill between the two leaves files that nothing names, and they are removed the next time.
    /// - Precondition: no server runs in this home.
    package func mend() throws(OperationError) -> [Damage] {
        let look = look()
        for (path, kept) in look.indices { try AtomicFile.write(JSON.object(kept).bytes, to: path) }
        for damage in look.damage { for path in damage.paths { try remove(path) } }
        if let model, let stamp = Self.stamp(of: model) {
            try Folder.make(home)
            try AtomicFile.write(Array(stamp.utf8), to: stampPath)
        }
        return look.damage
    }

    private func remove(_ path: String) throws(OperationError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            Folder.remove(path)
            guard lstat(path, &status) != 0 else { throw OperationError("cannot remove \(path)", hint: "remove it by hand", exitCode: 74) }
        } else if unlink(path) != 0, errno != ENOENT {
            throw .system("cannot remove \(path)", errno: errno)
        }
    }

    // MARK: looking

    private func look() -> Look {
        var look = Look()
        lookAtSettings(&look)
        if let text = otherModel() {
            look.damage.append(Damage(text: text, paths: folders))
            return look
        }
        for folder in folders { lookAtPrompts(folder, &look) }
        return look
    }

    private var folders: [String] { Folder.names(in: prompts).map { "\(prompts)/\($0)" } }

    /// The server remembers by the name of its environment where its cache is. In this home it is in one place only.
    private func lookAtSettings(_ look: inout Look) {
        let folder = "\(home)/.config/mlx_textgen"
        for name in Folder.names(in: folder) {
            let path = "\(folder)/\(name)/config.json"
            guard let bytes = Self.contents(path) else { continue }
            switch bytes {
            case .failure(let problem): look.damage.append(Damage(text: problem.message, paths: [path]))
            case .success(let root):
                let place = root["cache_dir"]?.stringValue
                guard place != cache else { continue }
                let text = place.map { "\(path) names the folder \($0) of another place" } ?? "\(path) does not say where the cache is"
                look.damage.append(Damage(text: text, paths: [path]))
            }
        }
    }

    private func lookAtPrompts(_ folder: String, _ look: inout Look) {
        let index = "\(folder)/cached_prompts.json"
        let files = Set(Folder.names(in: folder).filter { $0.hasPrefix("cache_") && $0.hasSuffix(".safetensors") })
        var kept = JSONObject()
        switch Self.contents(index) {
        case nil: break
        case .failure(let problem):
            look.damage.append(
                Damage(text: "\(problem.message); lost: \(Self.prompts(files.count))", paths: [index] + files.sorted().map { "\(folder)/\($0)" }))
            return
        case .success(let root):
            let entries = root.objectValue ?? JSONObject()
            for entry in entries {
                guard let problem = Self.problem(entry.key, entry.value, in: folder, index) else {
                    kept[entry.key] = entry.value
                    continue
                }
                let tokens = entry.value["token_ids"]?.arrayValue?.count
                let what = tokens.map { "a prompt of \($0) tokens" } ?? "a prompt"
                let isFile = Self.isIdentifier(entry.key)
                look.damage.append(Damage(text: "\(problem); lost: \(what)", paths: isFile ? ["\(folder)/\(entry.key).safetensors"] : []))
            }
            if kept.members.count < entries.members.count { look.indices.append((index, kept)) }
        }
        let unnamed = files.filter { file in kept[String(file.dropLast(".safetensors".count))] == nil }
            .subtracting(look.damage.flatMap(\.paths).map { $0.split(separator: "/").last.map(String.init) ?? "" })
        if !unnamed.isEmpty {
            look.damage.append(
                Damage(
                    text: "the index of \(folder) does not name \(unnamed.sorted().joined(separator: ", ")); lost: \(Self.prompts(unnamed.count))",
                    paths: unnamed.sorted().map { "\(folder)/\($0)" }))
        }
    }

    private static func prompts(_ count: Int) -> String { count == 1 ? "one prompt" : "\(count) prompts" }

    /// Nil where there is no such file.
    private static func contents(_ path: String) -> Result<JSON, OperationError>? {
        do throws(OperationError) {
            // Ten prompts of 100 000 tokens, one number a line, are some 20 MB.
            guard let bytes = try AtomicFile.read(path, limit: 1 << 28) else { return nil }
            guard let root = try? JSON(parsing: bytes), root.objectValue != nil else {
                return .failure(OperationError("\(path) is not whole", exitCode: 74))
            }
            return .success(root)
        } catch {
            return .failure(error)
        }
    }

    /// One entry that the server's own check refuses makes all of them unusable.
    private static func problem(_ key: String, _ entry: JSON, in folder: String, _ index: String) -> String? {
        guard isIdentifier(key) else { return "\(index) has an entry `\(key)`" }
        guard let tokens = entry["token_ids"]?.arrayValue, tokens.allSatisfy({ $0.intValue != nil }), entry["last_modified"]?.doubleValue != nil
        else {
            return "the entry \(key) of \(index) is not whole"
        }
        return SafetensorsFile.problem("\(folder)/\(key).safetensors").map { "\($0.file) \($0.message)" }
    }

    private static func isIdentifier(_ key: String) -> Bool {
        let digits = key.utf8.dropFirst("cache_".utf8.count)
        return key.hasPrefix("cache_") && !digits.isEmpty && digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    // MARK: the model

    private var stampPath: String { "\(home)/.anyclaude-model" }

    /// Why all that is kept is another model's; nil where it is not, and where it is not known.
    private func otherModel() -> String? {
        guard let model, !folders.isEmpty, let stamp = Self.stamp(of: model) else { return nil }
        guard let bytes = try? AtomicFile.read(stampPath, limit: 1 << 20), String(decoding: bytes, as: UTF8.self) != stamp else { return nil }
        let count = folders.flatMap { Folder.names(in: $0).filter { $0.hasSuffix(".safetensors") } }.count
        return "the files of the model \(model) have changed since \(prompts) was written; lost: \(Self.prompts(count))"
    }

    /// Names, sizes and times of what keys and values depend on; nil where the folder has none of it.
    private static func stamp(of model: String) -> String? {
        let lines = Folder.names(in: model).filter { $0 == "config.json" || $0.hasSuffix(".safetensors") }.compactMap { name -> String? in
            var status = stat()
            guard stat("\(model)/\(name)", &status) == 0 else { return nil }
            return "\(name) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)\n"
        }
        return lines.isEmpty ? nil : lines.joined()
    }
}
