import CKernels
import Glibc

extension SegmentDirectory {
    // MARK: Reading

    enum ReadResult { case good, dead, broken }

    /// Reads a record's payload into `buffers`, which it fills, and checks everything: that it is live, whose it is, its tokens, its bytes.
    func read(_ location: RecordLocation, key: BlockKey, tokens: [Int32], into buffers: [UnsafeMutableRawBufferPointer]) -> ReadResult {
        guard let file = state.withLock({ $0.segments[location.segment]?.file }) else { return .dead }
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.size, alignment: 64)
        defer { page.deallocate() }
        guard file.read(page, at: location.offset) else { return .broken }
        switch RecordHeader.decode(UnsafeRawBufferPointer(page)) {
        case .dead: return .dead
        case .broken: return .broken
        case .live(let header):
            guard header.namespace == namespace, header.key == key, header.tokens == tokens, header.payloadLength == location.length,
                header.payloadLength == buffers.reduce(0, { $0 + $1.count }),
                file.readSum(buffers, at: location.offset + RecordHeader.size) == header.payloadCRC
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
            state.unsynced.insert(file.number)
        }
        return location
    }

    private func place(_ extent: Int) throws(RuntimeError) -> (SegmentFile, Int) {
        let current = state.withLock { state in state.current.flatMap { state.segments[$0] } }
        if let current, current.end + extent <= segmentBytes || current.end == 0 { return (current.file, current.end) }
        let number = state.withLock { state in
            state.highest += 1
            return state.highest
        }
        let file = try SegmentFile(number: number, directory: path, mode: .create)
        state.withLock { state in
            state.segments[number] = Segment(file: file, end: 0)
            state.current = number
            state.hasUnsyncedNames = true
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
                state.unsynced.remove(location.segment)
            }
        }
    }

    /// Brings all that was written since the last call to the disk: records of every segment, and names of new ones. False where some of it
    /// did not get there; what cannot be read back one day is found out by its checksum.
    func synchronize() -> Bool {
        let (files, names) = state.withLock { state in
            defer { (state.unsynced, state.hasUnsyncedNames) = ([], false) }
            return (state.unsynced.compactMap { state.segments[$0]?.file }, state.hasUnsyncedNames)
        }
        let synced = files.map { $0.synchronize() }
        return synced.allSatisfy(\.self) && (!names || synchronizeNames())
    }

    private func synchronizeNames() -> Bool {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return false }
        defer { close(directory) }
        return fsync(directory) == 0
    }
}
