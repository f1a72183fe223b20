import CKernels
import Glibc
import Locking

/// The records of one namespace on disk: append-only segment files under a lock file. One process writes, others read.
///
/// Records are checked when they are read, not when they are found: starting costs one page a record.
final class SegmentDirectory: Sendable {
    let path: String
    private let namespace: BlockKey
    private let segmentBytes: Int
    private let lockDescriptor: CInt
    private let state: Mutex<State>

    private struct State {
        var isWriter = false
        var segments: [Int: Segment] = [:]
        var current: Int?
    }

    private struct Segment {
        var file: SegmentFile
        var end: Int
        var liveRecords = 0
        /// Bytes of records that are live, and of dead ones that could not be given back.
        var liveBytes = 0
        var deadBytes = 0
    }

    /// A record that a scan found.
    struct Found: Sendable {
        var header: RecordHeader
        var location: RecordLocation
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

    // MARK: Finding

    /// All live records. The writer also cuts off a torn end and removes files that hold nothing.
    func scan() -> (records: [Found], broken: Int) {
        state.withLock { state in
            state.segments = [:]
            var records: [Found] = []
            var broken = 0
            for number in Self.segmentNumbers(path) {
                guard let file = try? SegmentFile(number: number, directory: path, writable: state.isWriter) else {
                    broken += 1
                    continue
                }
                var segment = Segment(file: file, end: 0)
                broken += scan(&segment, into: &records)
                if state.isWriter, segment.liveRecords == 0 {
                    file.remove()
                    continue
                }
                if state.isWriter, segment.end < file.size { file.truncate(to: segment.end) }
                state.segments[number] = segment
            }
            state.current = state.segments.keys.max()
            return (records, broken)
        }
    }

    private func scan(_ segment: inout Segment, into records: inout [Found]) -> Int {
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.size, alignment: 64)
        defer { page.deallocate() }
        let size = segment.file.size
        var offset = 0
        var broken = 0
        var isLost = false
        while offset + RecordHeader.size <= size, segment.file.read(page, at: offset) {
            switch RecordHeader.decode(UnsafeRawBufferPointer(page)) {
            case .broken:
                // The length is unknown: step until a header is found again.
                if !isLost { broken += 1 }
                isLost = true
                offset += RecordHeader.size
            case .dead(let extent):
                isLost = false
                segment.deadBytes += RecordHeader.size
                offset += extent
                segment.end = min(offset, size)
            case .live(let header):
                isLost = false
                let location = RecordLocation(segment: segment.file.number, offset: offset, length: header.payloadLength)
                guard offset + location.extent <= size else {
                    broken += 1
                    offset += RecordHeader.size
                    continue
                }
                offset += location.extent
                segment.end = offset
                guard header.namespace == namespace else { continue }
                segment.liveRecords += 1
                segment.liveBytes += location.extent
                records.append(Found(header: header, location: location))
            }
        }
        return broken
    }

    private static func segmentNumbers(_ path: String) -> [Int] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var numbers: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if let number = SegmentFile.number(of: name) { numbers.append(number) }
        }
        return numbers.sorted()
    }

    // MARK: Reading

    enum ReadResult { case good, dead, broken }

    /// Reads a record's payload into `buffer` and checks everything: that it is live, whose it is, its tokens, its bytes.
    func read(_ location: RecordLocation, key: BlockKey, tokens: [Int32], into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        guard let file = state.withLock({ $0.segments[location.segment]?.file }) else { return .dead }
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.size, alignment: 64)
        defer { page.deallocate() }
        guard file.read(page, at: location.offset) else { return .broken }
        switch RecordHeader.decode(UnsafeRawBufferPointer(page)) {
        case .dead: return .dead
        case .broken: return .broken
        case .live(let header):
            guard header.namespace == namespace, header.key == key, header.tokens == tokens, header.payloadLength == buffer.count,
                header.payloadLength == location.length, file.read(buffer, at: location.offset + RecordHeader.size),
                ck_crc32c(0, buffer.baseAddress, buffer.count) == header.payloadCRC
            else { return .broken }
            return .good
        }
    }

    // MARK: Writing (one thread of the writer)

    func append(_ header: RecordHeader, payload: UnsafeRawBufferPointer) throws(RuntimeError) -> RecordLocation {
        let extent = RecordLocation(segment: 0, offset: 0, length: payload.count).extent
        let (file, offset) = try place(extent)
        let location = RecordLocation(segment: file.number, offset: offset, length: payload.count)
        do throws(RuntimeError) {
            // The header goes last: until it is there, the record is not.
            try file.write(payload, at: offset + RecordHeader.size)
            let padding = extent - RecordHeader.size - payload.count
            if padding > 0 {
                try file.write([UInt8](repeating: 0, count: padding), at: offset + RecordHeader.size + payload.count)
            }
            try file.write(header.encode(), at: offset)
        } catch {
            file.truncate(to: offset)
            throw error
        }
        state.withLock { state in
            state.segments[file.number]?.end = offset + extent
            state.segments[file.number]?.liveRecords += 1
            state.segments[file.number]?.liveBytes += extent
        }
        return location
    }

    private func place(_ extent: Int) throws(RuntimeError) -> (SegmentFile, Int) {
        let current = state.withLock { state in state.current.flatMap { state.segments[$0] } }
        if let current, current.end + extent <= segmentBytes || current.end == 0 { return (current.file, current.end) }
        let number = (state.withLock { $0.segments.keys.max() } ?? 0) + 1
        let file = try SegmentFile(number: number, directory: path, writable: true)
        file.truncate(to: 0)
        state.withLock { state in
            state.segments[number] = Segment(file: file, end: 0)
            state.current = number
        }
        return (file, 0)
    }

    func kill(_ location: RecordLocation) {
        let file: SegmentFile? = state.withLock { state in state.isWriter ? state.segments[location.segment]?.file : nil }
        guard let file else { return }
        let given = file.kill(location)
        state.withLock { state in
            guard var segment = state.segments[location.segment] else { return }
            segment.liveRecords -= 1
            segment.liveBytes -= location.extent
            segment.deadBytes += given ? RecordHeader.size : location.extent
            state.segments[location.segment] = segment
            if segment.liveRecords == 0, location.segment != state.current {
                file.remove()
                state.segments[location.segment] = nil
            }
        }
    }

    func synchronize() -> Bool {
        state.withLock { state in state.current.flatMap { state.segments[$0]?.file } }?.synchronize() ?? true
    }

    /// Bytes of the segment files, without what was given back.
    var bytes: Int { state.withLock { $0.segments.values.reduce(0) { $0 + $1.liveBytes + $1.deadBytes } } }
}
