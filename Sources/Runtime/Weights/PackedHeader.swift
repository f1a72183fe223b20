import CKernels
import Checkpoint
import JSON

/// The beginning of a packed file: magic, length of the text, CRC-32C of text and checksums, the text, a CRC-32C of each part, zeros up to a
/// page. Little-endian. Written last: a file with a header is whole.
struct PackedHeader {
    let digest: String
    let checksums: [UInt32]
    /// Bytes up to the first part.
    let size: Int

    private static let magic = Array("acweight".utf8)
    private static let largestText = 1 << 20

    /// nil where it is not the header of a whole file with this identity.
    init?(reading file: borrowing InputFile, identity: JSON, payload: Int, partBytes: Int) {
        guard file.size >= 16, let start = try? file.read(count: 16, at: 0), start.starts(with: Self.magic) else { return nil }
        let words = start.withUnsafeBytes { bytes in [8, 12].map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)) } }
        let parts = PackedParts.count(payload, size: partBytes)
        let length = Int(words[0])
        let size = Self.size(text: length, parts: parts)
        guard length <= Self.largestText, file.size == size + payload, let rest = try? file.read(count: length + 4 * parts, at: 16),
            ck_crc32c(0, rest, rest.count) == words[1], let text = try? JSON(parsing: Array(rest[..<length])),
            text["identity"] == identity, let digest = text["digest"]?.stringValue, digest.utf8.count == 64
        else { return nil }
        self.digest = digest
        self.size = size
        checksums = rest.withUnsafeBytes { bytes in
            (0..<parts).map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: length + 4 * $0, as: UInt32.self)) }
        }
    }

    static func size(text: Int, parts: Int) -> Int { (16 + text + 4 * parts + 4095) / 4096 * 4096 }

    static func text(identity: JSON, digest: String) -> [UInt8] {
        (["identity": identity, "digest": .string(digest)] as JSON).canonicalBytes
    }

    /// Without the zeros at the end.
    static func bytes(text: [UInt8], checksums: [UInt32]) -> [UInt8] {
        func little(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }
        let rest = text + checksums.flatMap(little)
        return magic + little(UInt32(text.count)) + little(ck_crc32c(0, rest, rest.count)) + rest
    }
}
