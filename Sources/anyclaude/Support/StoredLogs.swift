import Glibc

/// The services' logs on the disk, for when no supervisor runs that could be asked. Read, never written.
struct StoredLogs {
    let folder: String

    private static let window = 4 << 20

    /// Those that have a log, sorted.
    var services: [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(".log"), name != SupervisorLauncher.logName { names.append(String(name.dropLast(".log".count))) }
        }
        return names.sorted()
    }

    func tail(_ service: String, lines: Int) -> [String] { Files.tail("\(folder)/\(service).log", lines: lines, window: Self.window) }
}
