import Glibc
import Host

/// What is installed where a Python program comes from, by the names of folders alone: Python is never run.
struct PythonEnvironment: Equatable {
    /// The folder of the interpreter and of `pip`.
    var programs: String
    /// The folder of the packages.
    var packages: String
    /// By normalised name, as `mlx-lm`.
    private(set) var versions: [String: PackageVersion] = [:]

    subscript(name: String) -> PackageVersion? { versions[name] }

    /// The command that installs into it.
    var pip: String { access("\(programs)/pip", X_OK) == 0 ? "\(programs)/pip" : "\(programs)/python3 -m pip" }

    /// - Parameter program: an absolute path, as `/venv/bin/mlx_lm.server`; a link is followed where nothing is beside it.
    /// - Returns: nil where no packages are found.
    init?(of program: String) {
        var candidates = [program]
        if let real = realpath(program, nil) {
            candidates.append(String(cString: real))
            free(real)
        }
        candidates += Self.interpreter(of: program).map { [$0] } ?? []
        for candidate in candidates {
            guard let folder = Self.folder(of: candidate), let root = Self.folder(of: folder) else { continue }
            for library in Folder.names(in: "\(root)/lib") where library.hasPrefix("python3") {
                for packages in ["\(root)/lib/\(library)/site-packages", "\(root)/lib/\(library)/dist-packages"] {
                    let versions = Self.versions(in: packages)
                    guard !versions.isEmpty else { continue }
                    self.init(programs: folder, packages: packages, versions: versions)
                    return
                }
            }
        }
        return nil
    }

    init(programs: String, packages: String, versions: [String: PackageVersion]) {
        self.programs = programs
        self.packages = packages
        self.versions = versions
    }

    /// The interpreter that a script's first line names.
    private static func interpreter(of program: String) -> String? {
        let file = open(program, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(file, &buffer, buffer.count)
        guard count > 2, buffer.starts(with: Array("#!/".utf8)), let end = buffer[..<count].firstIndex(of: 0x0A) else { return nil }
        return String(decoding: buffer[2..<end], as: UTF8.self).split(separator: " ").first.map(String.init)
    }

    private static func folder(of path: String) -> String? {
        path.lastIndex(of: "/").flatMap { $0 == path.startIndex ? nil : String(path[..<$0]) }
    }

    /// `mlx_lm-0.32.2.dist-info` is version 0.32.2 of mlx-lm.
    private static func versions(in folder: String) -> [String: PackageVersion] {
        var found: [String: PackageVersion] = [:]
        for name in Folder.names(in: folder) where name.hasSuffix(".dist-info") {
            let parts = name.dropLast(".dist-info".count).split(separator: "-", maxSplits: 1)
            guard parts.count == 2, let version = PackageVersion(parts[1]) else { continue }
            found[normalized(parts[0])] = version
        }
        return found
    }

    /// As PEP 503 has it: lower case, and one `-` for each run of `-`, `_` and `.`.
    static func normalized(_ name: some StringProtocol) -> String {
        name.lowercased().split { "-_.".contains($0) }.joined(separator: "-")
    }

    /// A text file of a package, or of the packages' folder; nil where it is not there, or larger than such a file is.
    func text(_ path: String) -> String? {
        (try? AtomicFile.read("\(packages)/\(path)", limit: 4 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }
}
