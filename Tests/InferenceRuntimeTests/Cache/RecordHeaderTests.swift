import Testing

@testable import InferenceRuntime

struct RecordHeaderTests {
    let header = RecordHeader(
        namespace: .namespace(["a"]), key: .namespace(["b"]), parent: .namespace(["c"]), sequence: 7, start: 512, tokens: TinyModel.tokens(256),
        payloadLength: 12345, payloadCRC: 99, isSideCall: true)

    func decode(_ page: [UInt8]) -> RecordHeader.Reading { page.withUnsafeBytes { RecordHeader.decode($0) } }

    @Test func whatIsWrittenIsRead() {
        guard case .live(let read) = decode(header.encode()) else {
            Issue.record("not live")
            return
        }
        #expect(read == header)
    }

    @Test func everyFlippedBitOfWhatCountsIsNoticed() {
        let page = header.encode()
        for bit in 0..<(192 + 256 * 4) * 8 {
            var flipped = page
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            if case .broken = decode(flipped) { continue }
            Issue.record("bit \(bit) was not noticed")
        }
    }

    @Test func aDeadRecordSaysWhereTheNextIs() {
        var page = header.encode()
        page.replaceSubrange(8..<12, with: [0, 0, 0, 0])
        guard case .dead(let extent) = decode(page) else {
            Issue.record("not dead")
            return
        }
        #expect(extent == 4096 + 16384)
    }
}
