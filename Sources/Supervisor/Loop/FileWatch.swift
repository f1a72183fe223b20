import CProcess
import Glibc
import Host

/// Says when a file in one of some folders was written or put in its place (inotify(7)); it costs nothing while nothing happens.
///
/// Folders are watched, not files: an editor, a deployment and a mounted secret put a new file in the place of the old one.
final class FileWatch {
    let descriptor: CInt
    private var folders: [String: CInt] = [:]

    init() throws(OperationError) {
        descriptor = inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
        guard descriptor >= 0 else { throw .system("cannot watch files", errno: errno) }
    }

    deinit { close(descriptor) }

    /// Exactly these from here on.
    ///
    /// - Returns: those that cannot be watched, and why.
    func watch(_ wanted: Set<String>) -> [String: CInt] {
        var failed: [String: CInt] = [:]
        for (folder, watch) in folders where !wanted.contains(folder) {
            inotify_rm_watch(descriptor, watch)
            folders[folder] = nil
        }
        for folder in wanted where folders[folder] == nil {
            // What is written is whole when it is closed; what is moved there is whole already.
            let watch = inotify_add_watch(descriptor, folder, UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_ONLYDIR))
            if watch >= 0 { folders[folder] = watch } else { failed[folder] = errno }
        }
        return failed
    }

    /// Takes what has happened; false where nothing did.
    func take() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var hasEvents = false
        while read(descriptor, &buffer, buffer.count) > 0 { hasEvents = true }
        return hasEvents
    }
}
