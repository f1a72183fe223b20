import JSON

/// 64 bits of a piece's words, and about how many bytes a template prints for it.
///
/// It tells pieces of one proxy's memory apart, and is no secret and no proof: nothing is reused because two of them are equal.
struct PieceHash {
    private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15
    private(set) var bytes = 0

    mutating func add(_ json: JSON) {
        switch json {
        case .null: add(tag: 1, size: 4)
        case .bool(let value): add(tag: value ? 2 : 3, size: 5)
        case .integer(let value):
            add(tag: 4, size: 4)
            mix(UInt64(bitPattern: Int64(value)), 0)
        case .number(let number):
            add(tag: 5, size: 0)
            add(number.text)
        case .string(let text):
            add(tag: 6, size: 2)
            add(text)
        case .array(let elements):
            add(tag: 7, size: 2 + elements.count)
            for element in elements { add(element) }
            add(tag: 8, size: 0)
        case .object(let object):
            // In their order: what a server compares is the text.
            add(tag: 9, size: 2 + 3 * object.count)
            for member in object.members {
                add(member.key)
                add(member.value)
            }
            add(tag: 10, size: 0)
        }
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    private mutating func add(_ text: UnsafeRawBufferPointer) {
        bytes += text.count
        var offset = 0
        while offset + 16 <= text.count {
            mix(text.loadUnaligned(fromByteOffset: offset, as: UInt64.self), text.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            offset += 16
        }
        var rest: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &rest) { $0.copyBytes(from: text[offset...]) }
        mix(rest.0, rest.1)
        mix(UInt64(truncatingIfNeeded: text.count), 0)
    }

    private mutating func add(tag: UInt64, size: Int) {
        bytes += size
        mix(tag, 0)
    }

    @inline(__always)
    private mutating func mix(_ first: UInt64, _ second: UInt64) {
        let product = (first ^ value ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: second ^ (value &+ 0xE703_7ED1_A0B4_28DB) | 1)
        value = product.high ^ product.low ^ (value &* 0x9E37_79B9_7F4A_7C15)
    }
}
