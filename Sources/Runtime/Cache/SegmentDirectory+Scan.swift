import Glibc

/// What stands in the files.
extension SegmentDirectory {
    /// A record that a scan found.
    struct Found: Sendable {
        var header: RecordHeader
        var location: RecordLocation
    }

    /// All live records, and how many places had something else than records. The writer also cuts off a torn end, closes gaps so that they
    /// are not found again, and removes files that hold nothing.
    func scan() -> (records: [Found], broken: Int) {
        state.withLock { state in
            state.segments = [:]
            state.unsynced = []
            var records: [Found] = []
            var broken = 0
            let numbers = Self.segmentNumbers(path)
            state.highest = numbers.last ?? 0
            for number in numbers {
                guard let file = try? SegmentFile(number: number, directory: path, mode: state.isWriter ? .write : .read) else {
                    broken += 1
                    continue
                }
                var scan = SegmentScan(file: file, namespace: namespace, isWriter: state.isWriter)
                scan.run()
                records += scan.records
                broken += scan.broken
                if state.isWriter, scan.segment.liveRecords == 0 {
                    file.remove()
                    continue
                }
                state.segments[number] = scan.segment
            }
            // The last one goes on where it ends, if it can be used.
            state.current = state.segments.keys.max()
            return (records, broken)
        }
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
}
