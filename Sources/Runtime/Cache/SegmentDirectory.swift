import CKernels
import Glibc
import Locking

/// The records of one namespace on disk: append-only segment files under a lock file. One process writes, others read.
///
/// Records are checked when they are read, not when they are found: starting costs one page a record.
final class SegmentDirectory: Sendable {
    let path: String
    let namespace: BlockKey
    let segmentBytes: Int
    private let lockDescriptor: CInt
    let state: Mutex<State>

    struct State {
        var isWriter = false
        var segments: [Int: Segment] = [:]
        var current: Int?
        /// The largest number that a name in the directory has, whether or not it is a segment that can be used.
        var highest = 0
        /// Segments with bytes that may not have reached the disk.
        var unsynced: Set<Int> = []
        /// Names of the directory that may not have.
        var hasUnsyncedNames = false
    }

    struct Segment {
        var file: SegmentFile
        var end: Int
        var liveRecords = 0
        /// Bytes of records that are live, and of what is neither live nor given back.
        var liveBytes = 0
        var deadBytes = 0
    }

    init(path: String, namespace: BlockKey, segmentBytes: Int) throws(RuntimeError) {
        try Self.makeDirectory(path)
        self.path = path
        self.namespace = namespace
        self.segmentBytes = segmentBytes
        lockDescriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lockDescriptor >= 0 else { throw RuntimeError("cannot open: \(String(cString: strerror(errno)))", file: path + "/lock") }
        state = Mutex(State())
    }

    deinit { close(lockDescriptor) }

    /// Makes the directory and those above it, for this user alone.
    static func makeDirectory(_ path: String) throws(RuntimeError) {
        var prefix = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            prefix += "/" + part
            guard mkdir(prefix, 0o700) == 0 || errno == EEXIST else {
                throw RuntimeError(
                    "cannot make the directory: \(String(cString: strerror(errno)))", hint: "set `cache.directory` to a place that can be written",
                    file: prefix)
            }
        }
    }

    // MARK: The lock

    var isWriter: Bool { state.withLock { $0.isWriter } }

    /// True when this call made the process the writer; it must scan then, another may have written since.
    func tryBecomeWriter() -> Bool {
        state.withLock { state in
            guard !state.isWriter, flock(lockDescriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
            state.isWriter = true
            return true
        }
    }

    /// Lets another process write.
    func release() {
        state.withLock { state in
            guard state.isWriter else { return }
            state.isWriter = false
            _ = flock(lockDescriptor, LOCK_UN)
        }
    }

    /// Bytes of the segment files, without what was given back.
    var bytes: Int { state.withLock { $0.segments.values.reduce(0) { $0 + $1.liveBytes + $1.deadBytes } } }
}
