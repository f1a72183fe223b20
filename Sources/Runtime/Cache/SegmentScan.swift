/// One reading of a segment's headers, page by page.
struct SegmentScan {
    private(set) var segment: SegmentDirectory.Segment
    private(set) var records: [SegmentDirectory.Found] = []
    /// Places where there should have been a record.
    private(set) var broken = 0
    private let file: SegmentFile
    private let namespace: BlockKey
    /// May change the file.
    private let isWriter: Bool
    /// Where what is no record begins.
    private var gap: Int?

    init(file: SegmentFile, namespace: BlockKey, isWriter: Bool) {
        self.file = file
        self.namespace = namespace
        self.isWriter = isWriter
        segment = SegmentDirectory.Segment(file: file, end: 0)
    }

    mutating func run() {
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.size, alignment: 64)
        defer { page.deallocate() }
        let size = file.size
        var offset = 0
        while offset + RecordHeader.size <= size, file.read(page, at: offset) {
            let extent = record(RecordHeader.decode(UnsafeRawBufferPointer(page)), at: offset, size: size)
            if let extent {
                segment.end = offset + extent
            } else {
                // Its length is not known: step until a header is found again.
                gap = gap ?? offset
            }
            offset += extent ?? RecordHeader.size
        }
        guard segment.end < size else { return }
        // Another process may be writing the end just now; only the writer knows that it is torn.
        guard isWriter else { return }
        broken += 1
        file.truncate(to: segment.end)
    }

    /// Bytes of the record at `offset`; nil where there is none.
    private mutating func record(_ reading: RecordHeader.Reading, at offset: Int, size: Int) -> Int? {
        switch reading {
        case .broken: return nil
        case .dead(let extent):
            guard offset + extent <= size else { return nil }
            closeGap(at: offset)
            // The process may have ended between the mark and the hole.
            let isGiven = !isWriter || file.punch(offset + RecordHeader.size, extent - RecordHeader.size)
            segment.deadBytes += isGiven ? RecordHeader.size : extent
            return extent
        case .live(let header):
            let location = RecordLocation(segment: file.number, offset: offset, length: header.payloadLength)
            guard offset + location.extent <= size else { return nil }
            closeGap(at: offset)
            segment.liveBytes += location.extent
            guard header.namespace == namespace else { return location.extent }
            segment.liveRecords += 1
            records.append(SegmentDirectory.Found(header: header, location: location))
            return location.extent
        }
    }

    /// What could not be read is counted once and then, by the writer, made a dead record.
    private mutating func closeGap(at end: Int) {
        guard let start = gap else { return }
        gap = nil
        broken += 1
        guard isWriter else { return segment.deadBytes += end - start }
        let isGiven = file.punch(start + RecordHeader.size, end - start - RecordHeader.size)
        try? file.write(RecordHeader.filler(extent: end - start, namespace: namespace), at: start)
        segment.deadBytes += isGiven ? RecordHeader.size : end - start
    }
}
