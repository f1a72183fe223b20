/// A place in the file system that a plan names without knowing the machine: absolute as the user wrote it, or below a root
/// that is bound once, at apply.
public enum PlanPath: Sendable, Hashable {
    case absolute(String)
    case rooted(Root, String)

    public enum Root: String, Codable, Sendable, CaseIterable, Comparable {
        /// The folder of the configuration file.
        case config
        /// The user's home.
        case home
        /// The instance's state (`~/.anyclaude`, or systemd's StateDirectory).
        case state
        /// What can be made again.
        case cache
        case logs
        /// Sockets and secrets; gone after a reboot.
        case runtime
        /// Where our own programs are.
        case bin

        public static func < (left: Root, right: Root) -> Bool { left.rawValue < right.rawValue }
    }

    /// Where each root is on this machine. Recorded beside the generation.
    public typealias Bindings = [Root: String]

    /// The path on this machine.
    public func resolved(_ bindings: Bindings) throws(UnboundRoot) -> String {
        switch self {
        case .absolute(let path): return path
        case .rooted(let root, let path):
            guard let base = bindings[root] else { throw UnboundRoot(root: root) }
            return path.isEmpty ? base : base + "/" + path
        }
    }

    public struct UnboundRoot: Error, Sendable, Equatable, CustomStringConvertible {
        public var root: Root
        public var description: String { "the root `\(root.rawValue)` is not bound on this machine" }
    }
}

extension PlanPath: Codable {
    private struct Rooted: Codable {
        var root: Root
        var path: String
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let path = try? container.decode(String.self) {
            self = .absolute(path)
        } else {
            let rooted = try container.decode(Rooted.self)
            self = .rooted(rooted.root, rooted.path)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .absolute(let path): try container.encode(path)
        case .rooted(let root, let path): try container.encode(Rooted(root: root, path: path))
        }
    }
}

extension PlanPath: CustomStringConvertible {
    public var description: String {
        switch self {
        case .absolute(let path): path
        case .rooted(let root, let path): "{\(root.rawValue)}/\(path)"
        }
    }
}

extension PlanPath {
    /// The path of what is called `component` in this folder.
    public func appending(_ component: String) -> PlanPath {
        switch self {
        case .absolute(let path): .absolute(path == "/" ? "/\(component)" : "\(path)/\(component)")
        case .rooted(let root, let path): .rooted(root, path.isEmpty ? component : "\(path)/\(component)")
        }
    }
}
