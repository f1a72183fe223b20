import Foundation
import GRDB

/// Answers in SQLite, bounded in time and bytes. Write-ahead logging: a proxy that drains and its successor may both write.
final class ResponseStore: Sendable {
    struct Stored: Sendable {
        var message: String
        /// Milliseconds since it was made.
        var ageMs: Int
    }
    private let database: DatabasePool
    private let maximumBytes: Int

    init(path: String, maximumBytes: Int) throws {
        self.maximumBytes = maximumBytes
        // Answers are private; SQLite gives its other files the mode of the first. Never in the place of one that is there: another
        // proxy may have made it just now. Where it cannot be made, opening it says why.
        let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        if file >= 0 { close(file) }
        var configuration = Configuration()
        configuration.busyMode = .timeout(2)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        database = try DatabasePool(path: path, configuration: configuration)
        var migrator = DatabaseMigrator()
        // The sizes are summed at each save: from the index alone, not from rows with answers in them.
        migrator.registerMigration("responses-2") { database in
            try database.execute(
                sql: """
                    DROP TABLE IF EXISTS response;
                    CREATE TABLE response (
                        key TEXT PRIMARY KEY, created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL, size INTEGER NOT NULL,
                        message TEXT NOT NULL
                    );
                    CREATE INDEX response_used ON response (used, key, size);
                    CREATE INDEX response_expires ON response (expires);
                    """)
        }
        // An older proxy that still drains writes answers without an asker; whose they are is not known then.
        migrator.registerMigration("responses-3") { database in
            try database.execute(
                sql: """
                    CREATE TABLE response_asker (key TEXT NOT NULL, session TEXT NOT NULL, PRIMARY KEY (key, session)) WITHOUT ROWID;
                    CREATE TRIGGER response_gone AFTER DELETE ON response BEGIN DELETE FROM response_asker WHERE key = OLD.key; END;
                    """)
        }
        try migrator.migrate(database)
        // Else the last answers before a quiet time would stay readable for as long as that lasts. Where it fails, the next save does it.
        try? database.write { try Self.deleteExpired($0, now: Self.nowMs) }
    }

    /// - Parameters:
    ///   - session: whose the answer is from now on, too.
    ///   - now: milliseconds since 1970.
    func find(_ key: String, session: String = "", now: Int) async throws -> Stored? {
        let found = try await database.read { database -> (created: Int, message: String)? in
            let sql = "SELECT created, message FROM response WHERE key = ? AND expires > ?"
            return try Row.fetchOne(database, sql: sql, arguments: [key, now]).map { ($0["created"], $0["message"]) }
        }
        guard let found else { return nil }
        // Where another process writes just now, or the disk is full, the answer is good all the same.
        try? await database.write { database in
            try database.execute(sql: "UPDATE response SET used = ? WHERE key = ?", arguments: [now, key])
            if database.changesCount > 0 { try Self.note(session, asks: key, database) }
        }
        return Stored(message: found.message, ageMs: max(0, now - found.created))
    }

    /// - Parameter session: who asked, as far as is known.
    func save(_ message: String, for key: String, session: String = "", now: Int, ttlMs: Int) async throws {
        let size = message.utf8.count + key.utf8.count
        guard size <= maximumBytes else { return }
        let limit = maximumBytes
        try await database.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO response (key, created, expires, used, size, message) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [key, now, now + ttlMs, now, size, message])
            try Self.note(session, asks: key, database)
            try Self.deleteExpired(database, now: now)
            let total = try Int.fetchOne(database, sql: "SELECT COALESCE(SUM(size), 0) FROM response") ?? 0
            guard total > limit else { return }
            // The least recently used go until the rest fits.
            try database.execute(
                sql: """
                    DELETE FROM response WHERE key IN (
                        SELECT key FROM (SELECT key, SUM(size) OVER (ORDER BY used DESC, key) AS total FROM response) WHERE total > ?)
                    """, arguments: [limit])
        }
    }

    private static func note(_ session: String, asks key: String, _ database: Database) throws {
        try database.execute(sql: "INSERT OR IGNORE INTO response_asker (key, session) VALUES (?, ?)", arguments: [key, session])
    }

    private static func deleteExpired(_ database: Database, now: Int) throws {
        try database.execute(sql: "DELETE FROM response WHERE expires <= ?", arguments: [now])
    }

    /// Removes all answers, from the disk too.
    ///
    /// - Returns: what was there.
    func clear() async throws -> (entries: Int, bytes: Int) {
        let size = try await size()
        try await database.write { try $0.execute(sql: "DELETE FROM response") }
        await truncateLog()
        return size
    }

    /// Removes the answers that a session was given, from the disk too; and those of which nobody knows who was.
    ///
    /// - Parameter session: `session`, which counts for its agents too, or `session/agent`.
    /// - Returns: what was there.
    func clear(session: String) async throws -> (entries: Int, bytes: Int) {
        let cleared = try await database.write { database -> (entries: Int, bytes: Int) in
            let meant = """
                FROM response WHERE key IN (SELECT key FROM response_asker WHERE session = :session OR substr(session, 1, :length) = :prefix)
                    OR key NOT IN (SELECT key FROM response_asker)
                """
            let prefix = session + "/"
            let arguments: StatementArguments = ["session": session, "prefix": prefix, "length": prefix.unicodeScalars.count]
            let row = try Row.fetchOne(database, sql: "SELECT COUNT(*) AS entries, COALESCE(SUM(size), 0) AS bytes " + meant, arguments: arguments)
            try database.execute(sql: "DELETE " + meant, arguments: arguments)
            return (row?["entries"] ?? 0, row?["bytes"] ?? 0)
        }
        await truncateLog()
        return cleared
    }

    /// Until then the pages of what was removed lie in the log. Another process may read just now: then its next write does it.
    private func truncateLog() async { _ = try? await database.writeWithoutTransaction { try $0.checkpoint(.truncate) } }

    func size() async throws -> (entries: Int, bytes: Int) {
        try await database.read { database in
            let row = try Row.fetchOne(database, sql: "SELECT COUNT(*) AS entries, COALESCE(SUM(size), 0) AS bytes FROM response")
            return (row?["entries"] ?? 0, row?["bytes"] ?? 0)
        }
    }

    /// The folder for the database, private to its owner.
    static func prepare(_ directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Removes a database that cannot be read: what it held can be made again.
    static func discard(_ path: String) throws {
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    static var nowMs: Int { Int(Date().timeIntervalSince1970 * 1000) }
}
