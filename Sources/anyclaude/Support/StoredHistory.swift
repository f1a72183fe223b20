import Control
import JSON

/// What was applied, as the supervisor keeps it on the disk, for when none runs. Read, never written.
enum StoredHistory {
    /// Newest first; nil where nothing was ever applied. A torn line, from a full disk, is left out.
    static func entries(state: String) throws(CommandError) -> [HistoryEntry]? {
        let path = "\(state)/history.jsonl"
        guard Paths.exists(path) else { return nil }
        return try Files.read(path).split(separator: 0x0A).reversed().compactMap { line in
            do { return try JSON(parsing: Array(line)).decode(HistoryEntry.self) } catch { return nil }
        }
    }
}
