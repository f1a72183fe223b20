import Control
import Glibc
import Host
import JSON

/// Who applied what, when and with which end: one JSON line each, the newest last, bounded.
struct History {
    let path: String
    /// When the file has twice as many lines, it is cut to this.
    static let kept = 500

    /// Newest first. A torn last line, from a full disk, is left out.
    func entries() throws(OperationError) -> [HistoryEntry] {
        try lines().reversed().compactMap { line in
            do { return try JSON(parsing: Array(line)).decode(HistoryEntry.self) } catch { return nil }
        }
    }

    func append(_ entry: HistoryEntry) throws(OperationError) {
        let existing = try lines()
        if existing.count >= 2 * Self.kept {
            let cut: [UInt8] = existing.suffix(Self.kept).flatMap { line in line + [0x0A] }
            try AtomicFile.write(cut, to: path)
        }
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .system("cannot write \(path)", errno: errno, exitCode: 73) }
        defer { close(file) }
        // After a torn line, or the new entry would be lost with it.
        let isTorn = try AtomicFile.read(path).flatMap(\.last).map { $0 != 0x0A } ?? false
        let problem = FileCalls.append((isTorn ? [0x0A] : []) + (try encoded(entry).bytes) + [0x0A], to: file, path)
        guard problem == 0, FileCalls.sync(file, path) == 0 else { throw .system("cannot write \(path)", errno: problem == 0 ? errno : problem) }
    }

    private func lines() throws(OperationError) -> [ArraySlice<UInt8>] {
        (try AtomicFile.read(path) ?? []).split(separator: 0x0A)
    }
}
