import Glibc

/// Finds `# anyclaude:` in the bytes of a text, in one pass of the C library: nearly every file has none.
enum AllowCommentScan {
    private static let name = Array("anyclaude:".utf8)

    /// From `#` to the end of the line; of a `#` at the start of a line or after a blank.
    static func comments(in bytes: [UInt8]) -> [Range<Int>] {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return [] }
            var result: [Range<Int>] = []
            var position = 0
            while position < buffer.count, let found = memchr(base + position, Int32(UInt8(ascii: "#")), buffer.count - position) {
                let hash = base.distance(to: UnsafeRawPointer(found))
                position = hash + 1
                guard isComment(hash, buffer) else { continue }
                while position < buffer.count, buffer[position] != 0x0A, buffer[position] != 0x0D { position += 1 }
                result.append(hash..<position)
            }
            return result
        }
    }

    private static func isComment(_ hash: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard hash == 0 || [0x20, 0x09, 0x0A, 0x0D].contains(bytes[hash - 1]) else { return false }
        let start = bytes[(hash + 1)...].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? bytes.count
        return bytes[start...].starts(with: name)
    }

    /// What follows the name, split at blanks and commas.
    static func words(of comment: Range<Int>, in bytes: [UInt8]) -> [Range<Int>] {
        guard let colon = bytes[comment].firstIndex(of: UInt8(ascii: ":")) else { return [] }
        return bytes[(colon + 1)..<comment.upperBound].split { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            .map { $0.startIndex..<$0.endIndex }
    }
}
