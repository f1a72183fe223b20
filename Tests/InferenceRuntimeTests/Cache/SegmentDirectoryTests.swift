import CKernels
import Glibc
import Testing

@testable import InferenceRuntime

/// Records in files, without a model.
struct SegmentDirectoryTests {
    let folder: String
    let namespace = BlockKey.namespace(["test"])

    init() throws { folder = try TemporaryDirectory.make() }

    func open(segmentBytes: Int = 1 << 20) throws -> SegmentDirectory {
        try SegmentDirectory(path: folder, namespace: namespace, segmentBytes: segmentBytes)
    }

    func payload(_ number: Int, count: Int = 5000) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) } }

    func key(_ number: Int) -> BlockKey { .namespace(["record", "\(number)"]) }

    func append(_ number: Int, to directory: SegmentDirectory) throws -> RecordLocation {
        let bytes = payload(number)
        let header = RecordHeader(
            namespace: namespace, key: key(number), parent: namespace, sequence: UInt64(number), start: 0, tokens: [Int32(number)],
            payloadLength: bytes.count, payloadCRC: ck_crc32c(0, bytes, bytes.count), isSideCall: false)
        return try bytes.withUnsafeBytes { try directory.append(header, payload: $0) }
    }

    func read(_ location: RecordLocation, _ number: Int, from directory: SegmentDirectory) -> (SegmentDirectory.ReadResult, [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: 5000)
        let result = bytes.withUnsafeMutableBytes { directory.read(location, key: key(number), tokens: [Int32(number)], into: [$0]) }
        return (result, bytes)
    }

    @Test func everySegmentThatWasWrittenIsSynchronized() throws {
        let directory = try open(segmentBytes: 20_000)
        #expect(directory.tryBecomeWriter())
        _ = directory.scan()
        for number in 0..<6 { _ = try append(number, to: directory) }
        #expect(directory.state.withLock { $0.unsynced.count } == 6 && directory.state.withLock { $0.hasUnsyncedNames })
        #expect(directory.synchronize())
        #expect(directory.state.withLock { $0.unsynced.isEmpty } && directory.state.withLock { !$0.hasUnsyncedNames })
    }

    /// Whatever stands in place of a record's header, the records after it are found, and what is written later does not touch them.
    @Test func aGapIsClosedAndStaysClosed() throws {
        var directory = try open()
        #expect(directory.tryBecomeWriter())
        _ = directory.scan()
        let locations = try (0..<5).map { try append($0, to: directory) }
        directory.release()
        let path = try #require(TemporaryDirectory.files(folder).first { $0.hasSuffix(".kv") })
        var bytes = try TemporaryDirectory.read(path)
        bytes.replaceSubrange(locations[1].offset..<locations[1].offset + 4096, with: [UInt8](repeating: 0xAA, count: 4096))
        try TemporaryDirectory.write(bytes, to: path)
        for opened in 0..<3 {
            directory = try open()
            #expect(directory.tryBecomeWriter())
            let (records, broken) = directory.scan()
            #expect(records.map(\.header.sequence) == [0, 2, 3, 4] + (0..<opened).map { UInt64(10 + $0) })
            // Counted once: then it is a dead record like others.
            #expect(broken == (opened == 0 ? 1 : 0))
            for number in [0, 2, 3, 4] { #expect(read(locations[number], number, from: directory) == (.good, payload(number))) }
            _ = try append(10 + opened, to: directory)
            directory.release()
        }
    }

    /// A reader leaves files alone, a torn end too: it may be what the writer is at.
    @Test func aReaderChangesNothing() throws {
        let writer = try open()
        #expect(writer.tryBecomeWriter())
        _ = writer.scan()
        _ = try append(1, to: writer)
        let path = try #require(TemporaryDirectory.files(folder).first { $0.hasSuffix(".kv") })
        try TemporaryDirectory.write(try TemporaryDirectory.read(path) + [UInt8](repeating: 1, count: 6000), to: path)
        let before = try TemporaryDirectory.read(path)
        let reader = try open()
        #expect(!reader.tryBecomeWriter())
        let (records, broken) = reader.scan()
        #expect(records.count == 1 && broken == 0)
        #expect(try TemporaryDirectory.read(path) == before)
    }

    @Test func whatIsNoFileUnderTheNameOfASegmentHoldsNothingUp() throws {
        #expect(mkfifo(folder + "/segment-00000001.kv", 0o600) == 0)
        #expect(symlink("/dev/zero", folder + "/segment-00000002.kv") == 0)
        #expect(mkdir(folder + "/segment-00000003.kv", 0o700) == 0)
        let directory = try open()
        #expect(directory.tryBecomeWriter())
        #expect(directory.scan().records.isEmpty)
        let location = try append(1, to: directory)
        #expect(location.segment == 4)
        #expect(read(location, 1, from: directory) == (.good, payload(1)))
    }

    @Test func aKilledRecordGivesItsPagesBackAndIsDead() throws {
        let directory = try open()
        #expect(directory.tryBecomeWriter())
        _ = directory.scan()
        let locations = try (0..<3).map { try append($0, to: directory) }
        let before = directory.bytes
        directory.kill(locations[1])
        #expect(directory.bytes < before)
        #expect(read(locations[1], 1, from: directory).0 == .dead)
        #expect(read(locations[2], 2, from: directory) == (.good, payload(2)))
        #expect(read(locations[0], 2, from: directory).0 == .broken)
    }
}
