import Diagnostics
import JSON

/// What must be known of the bytes before any parser sees them: parsers tell such faults badly, or read them with two meanings.
enum BytePrecheck {
    /// More lines that begin with `%` cost libyaml quadratic time.
    private static let maximumDirectives = 32

    /// The first fault of the bytes; nil where they are text.
    static func fault(in bytes: UnsafeBufferPointer<UInt8>, file: FileID, format: SourceFormat) -> Diagnostic? {
        if let message = otherEncoding(bytes) {
            return Diagnostic(
                .notUTF8, message, at: SourceSpan(file, 0..<min(2, bytes.count)), label: "not UTF-8",
                fixes: [Fix("save the file as UTF-8", .suggestion)])
        }
        var index = hasByteOrderMark(bytes) ? 3 : 0
        var directives = 0
        while index < bytes.count {
            if index > 0, !isBreak(bytes[index - 1]) { index = endOfPlain(bytes, index) }
            guard index < bytes.count else { break }
            let byte = bytes[index]
            if byte >= 0x20 && byte < 0x7F {
                if byte == UInt8(ascii: "%"), index == 0 || isBreak(bytes[index - 1]) {
                    directives += 1
                    if directives > maximumDirectives {
                        return Diagnostic(
                            .tooLarge, "more than \(maximumDirectives) lines begin with `%`", at: SourceSpan(file, index..<index + 1),
                            label: "one too many")
                    }
                }
                index += 1
            } else if byte == 0x0A || byte == 0x0D || byte == 0x09 || (byte == 0x7F && format == .json) {
                index += 1
            } else if byte < 0x80 {
                return control(Unicode.Scalar(byte), index..<index + 1, file)
            } else {
                let length = UTF8Validation.sequenceLength(at: index, in: bytes, limit: bytes.count)
                guard length > 0 else {
                    return Diagnostic(
                        .notUTF8, "byte 0x\(String(byte, radix: 16, uppercase: true)) at offset \(index) is not UTF-8",
                        at: SourceSpan(file, index..<index + 1),
                        label: "not UTF-8", fixes: [Fix("save the file as UTF-8", .suggestion)])
                }
                if format != .json, let diagnostic = forbidden(bytes, index, length, file) { return diagnostic }
                index += length
            }
        }
        return nil
    }

    private static func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// The first offset from `start` on whose next eight bytes are not all printable ASCII.
    @inline(__always)
    private static func endOfPlain(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        guard let base = bytes.baseAddress else { return start }
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= bytes.count {
            let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
            // The high bit of some byte is set where a byte is below 0x20, is 0x7F, or is beyond ASCII.
            if (word | (word &- ones &* 0x20) | (word &+ ones)) & (ones &* 0x80) != 0 { break }
            index += 8
        }
        return index
    }

    static func hasByteOrderMark(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    }

    private static func otherEncoding(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.count >= 2 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0xFE, 0xFF), (0xFF, 0xFE): return "the file is UTF-16"
        case (0, let second) where second != 0, (let second, 0) where second != 0: return "the file is UTF-16 without a byte order mark"
        default: return nil
        }
    }

    /// C1 controls, line separators beyond LF and CR, byte order marks inside, non-characters: outside YAML, or read in two ways.
    private static func forbidden(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ length: Int, _ file: FileID) -> Diagnostic? {
        let isForbidden: Bool
        switch (bytes[index], bytes[index + 1]) {
        case (0xC2, 0x80...0x9F): isForbidden = true
        case (0xE2, 0x80): isForbidden = bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9
        case (0xEF, 0xBB): isForbidden = bytes[index + 2] == 0xBF
        case (0xEF, 0xBF): isForbidden = bytes[index + 2] >= 0xBE
        default: isForbidden = false
        }
        guard isForbidden, let scalar = String(decoding: bytes[index..<index + length], as: UTF8.self).unicodeScalars.first else { return nil }
        return control(scalar, index..<index + length, file)
    }

    private static func control(_ scalar: Unicode.Scalar, _ range: Range<Int>, _ file: FileID) -> Diagnostic {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let name = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return Diagnostic(
            .forbiddenCharacter, "character \(name) must not stand in a configuration", at: SourceSpan(file, range), label: name,
            notes: ["write it as an escape in double quotes, or remove it"])
    }
}
