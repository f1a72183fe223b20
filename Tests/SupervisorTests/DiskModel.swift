import Glibc
import HostFixtures

@testable import Host
@testable import Supervisor

/// A disk with a cache before it, below one folder: what a crash leaves, computed and not provoked.
///
/// A crash of the process leaves all that was cached. A crash of the machine leaves what was synced, and of the rest any part.
struct DiskModel {
    /// What of the unsynced part is there after the crash.
    enum Loss: Hashable {
        /// Only the process died.
        case nothing
        /// None of it.
        case all
        /// Names without contents: what a rename before the sync of its file leaves.
        case contents
        case random(UInt64)
    }

    private enum Node: Equatable {
        case file(Int)
        case folder(Int)
        case link(String)
    }

    private struct File {
        var cached: [UInt8] = []
        var durable: [UInt8] = []
    }

    private struct Names {
        var cached: [String: Node] = [:]
        var durable: [String: Node] = [:]
    }

    private var files: [File] = []
    private var folders: [Names] = [Names()]
    let root: String

    /// - Parameter root: exists, empty and synced.
    init(root: String) { self.root = root }

    struct Unexpected: Error { var step: FileStep }

    mutating func apply(_ step: FileStep) throws {
        switch step {
        case .create(let path):
            if case .file(let file)? = node(path) { files[file].cached = [] } else { try make(path, step) }
        case .append(let path, let bytes):
            if node(path) == nil { try make(path, step) }
            guard case .file(let file)? = node(path) else { throw Unexpected(step: step) }
            files[file].cached += bytes
        case .sync(let path):
            guard case .file(let file)? = node(path) else { throw Unexpected(step: step) }
            files[file].durable = files[file].cached
        case .rename(let from, let to):
            guard let moved = node(from) else { throw Unexpected(step: step) }
            try set(from, nil, step)
            try set(to, moved, step)
        case .link(let path, let target): try set(path, .link(target), step)
        case .remove(let path): if node(path) != nil { try set(path, nil, step) }
        case .makeFolder(let path):
            guard node(path) == nil else { return }
            folders.append(Names())
            try set(path, .folder(folders.count - 1), step)
        case .removeFolder(let path): try set(path, nil, step)
        case .syncFolder(let path):
            // What is above the root was there before.
            guard path == root || path.hasPrefix(root + "/") else { return }
            guard let folder = folder(path) else { throw Unexpected(step: step) }
            folders[folder].durable = folders[folder].cached
        }
    }

    private mutating func make(_ path: String, _ step: FileStep) throws {
        files.append(File())
        try set(path, .file(files.count - 1), step)
    }

    private mutating func set(_ path: String, _ node: Node?, _ step: FileStep) throws {
        guard let (parent, name) = Self.split(path), let folder = folder(parent) else { throw Unexpected(step: step) }
        folders[folder].cached[name] = node
    }

    private static func split(_ path: String) -> (parent: String, name: String)? {
        path.lastIndex(of: "/").map { (String(path[..<$0]), String(path[path.index(after: $0)...])) }
    }

    private func folder(_ path: String) -> Int? {
        if path == root { return 0 }
        guard case .folder(let number)? = node(path) else { return nil }
        return number
    }

    private func node(_ path: String) -> Node? {
        guard path.hasPrefix(root + "/"), let (parent, name) = Self.split(path), let folder = folder(parent) else { return nil }
        return folders[folder].cached[name]
    }

    /// What is there after a crash, as real files in a folder.
    func materialize(in place: String, _ loss: Loss) throws {
        var random = Choices(loss)
        try write(0, to: place, loss, &random)
    }

    private func write(_ number: Int, to place: String, _ loss: Loss, _ random: inout Choices) throws {
        let names = folders[number]
        let isCached = loss == .nothing || loss == .contents
        for name in Set(names.cached.keys).union(names.durable.keys).sorted() {
            // Each name by itself: a folder's blocks reach the disk in any order.
            let takesCached = random.isRandom ? random.next() : isCached
            guard let node = takesCached ? names.cached[name] : names.durable[name] else { continue }
            let path = "\(place)/\(name)"
            switch node {
            case .folder(let child):
                guard mkdir(path, 0o700) == 0 else { throw OperationError.system("cannot make \(path)", errno: errno) }
                try write(child, to: path, loss, &random)
            case .link(let target):
                guard symlink(target, path) == 0 else { throw OperationError.system("cannot make \(path)", errno: errno) }
            case .file(let file):
                let bytes: [UInt8] =
                    switch loss {
                    case .nothing: files[file].cached
                    case .all, .contents: files[file].durable
                    case .random: random.next() ? files[file].cached : random.next() ? files[file].durable : torn(file, &random)
                    }
                try AtomicFile.write(bytes, to: path, durable: false)
            }
        }
    }

    /// A part of what was not synced yet.
    private func torn(_ file: Int, _ random: inout Choices) -> [UInt8] {
        let (durable, cached) = (files[file].durable, files[file].cached)
        guard cached != durable else { return durable }
        return Array(cached.prefix(cached.isEmpty ? 0 : Int.random(in: 0...cached.count, using: &random.generator)))
    }

    private struct Choices {
        var generator = SplitMix64(state: 0)
        var isRandom = false

        init(_ loss: Loss) {
            guard case .random(let seed) = loss else { return }
            generator = SplitMix64(state: seed)
            isRandom = true
        }

        mutating func next() -> Bool { Bool.random(using: &generator) }
    }
}

extension FileStep {
    /// The same step for a disk that is elsewhere.
    func moved(from old: String, to new: String) -> FileStep {
        func there(_ path: String) -> String { path == old || path.hasPrefix(old + "/") ? new + path.dropFirst(old.count) : path }
        return switch self {
        case .create(let path): .create(there(path))
        case .append(let path, let bytes): .append(there(path), bytes)
        case .sync(let path): .sync(there(path))
        case .rename(let from, let to): .rename(there(from), to: there(to))
        case .link(let path, let target): .link(there(path), to: target)
        case .remove(let path): .remove(there(path))
        case .makeFolder(let path): .makeFolder(there(path))
        case .removeFolder(let path): .removeFolder(there(path))
        case .syncFolder(let path): .syncFolder(there(path))
        }
    }
}
