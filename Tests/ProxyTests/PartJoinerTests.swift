import NIOCore
import Testing

@testable import Proxy

@Suite struct PartJoinerTests {
    private static func joined(_ parts: [String]) -> ByteBuffer? {
        var joiner = PartJoiner()
        for part in parts { joiner.add(ByteBuffer(string: part)) }
        return joiner.take()
    }

    @Test func whatWasAddedIsOnePart() {
        var joiner = PartJoiner()
        #expect(joiner.take() == nil)
        for part in ["a", "b", "", "c"] { joiner.add(ByteBuffer(string: part)) }
        #expect(joiner.take() == ByteBuffer(string: "abc"))
        #expect(joiner.take() == nil)
        joiner.add(ByteBuffer(string: "d"))
        #expect(joiner.take() == ByteBuffer(string: "d"))
    }

    @Test func aPartAloneIsNotCopied() {
        func address(_ buffer: ByteBuffer?) -> UnsafeRawPointer? { buffer?.withUnsafeReadableBytes { $0.baseAddress } }
        let whole = ByteBuffer(string: "not copied")
        var joiner = PartJoiner()
        joiner.add(whole)
        #expect(address(joiner.take()) == address(whole))
    }

    @Test func manyPartsKeepTheirOrder() {
        let words = (0..<5000).map { "word \($0) " }
        #expect(Self.joined(words) == ByteBuffer(string: words.joined()))
    }
}
