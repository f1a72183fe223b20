import Host

/// The services' logs on the disk, for when no supervisor runs that could be asked. Read, never written.
struct StoredLogs {
    let folder: String

    private static let window = 4 << 20

    /// Those that have a log, sorted.
    var services: [String] {
        Folder.names(in: folder).filter { $0.hasSuffix(".log") && $0 != SupervisorLauncher.logName }.map { String($0.dropLast(".log".count)) }
            .sorted()
    }

    func tail(_ service: String, lines: Int) -> [String] { Files.tail("\(folder)/\(service).log", lines: lines, window: Self.window) }
}
