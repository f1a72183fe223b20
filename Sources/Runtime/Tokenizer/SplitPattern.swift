import CPCRE2

/// A compiled regular expression over UTF-8, in the dialect of tokenizer.json (Oniguruma's), run by PCRE2.
///
/// The character classes whose meaning differs between the two are rewritten to Unicode properties before compilation.
final class SplitPattern: @unchecked Sendable {
    // Written once in init; PCRE2 lets any number of threads match with one compiled pattern.
    private let code: OpaquePointer

    init(_ pattern: String) throws(RuntimeError) {
        let translated = Array(try Self.translate(pattern).utf8)
        var errorCode: CInt = 0
        var errorOffset = 0
        let compiled = pcre2_compile_8(
            translated, translated.count, PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | UInt32(PCRE2_NO_UTF_CHECK), &errorCode, &errorOffset, nil)
        guard let compiled else {
            throw RuntimeError(
                "cannot compile the tokenizer's pattern `\(pattern)`: \(Self.message(errorCode)) at byte \(errorOffset)",
                hint: "the pattern uses a construct that PCRE2 does not have")
        }
        code = compiled
        // Where there is no just-in-time compiler for this machine the interpreter gives the same matches.
        pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
    }

    deinit { pcre2_code_free_8(code) }

    /// The ranges of the matches in `text`, valid UTF-8, from left to right; empty matches are left out.
    func matches(in text: UnsafeBufferPointer<UInt8>) throws(RuntimeError) -> [Range<Int>] {
        guard let base = text.baseAddress, let data = pcre2_match_data_create_8(1, nil) else { return [] }
        defer { pcre2_match_data_free_8(data) }
        var ranges: [Range<Int>] = []
        var position = 0
        while position < text.count {
            let result = pcre2_match_8(code, base, text.count, position, PCRE2_NO_UTF_CHECK, data, nil)
            if result == PCRE2_ERROR_NOMATCH { break }
            guard result >= 0, let vector = pcre2_get_ovector_pointer_8(data) else {
                throw RuntimeError("the tokenizer's pattern cannot be matched at byte \(position): \(Self.message(result))")
            }
            let range = vector[0]..<vector[1]
            if range.isEmpty {
                position = range.lowerBound + 1
                while position < text.count, text[position] & 0xC0 == 0x80 { position += 1 }
            } else {
                ranges.append(range)
                position = range.upperBound
            }
        }
        return ranges
    }

    /// Oniguruma's `\s` is White_Space (PCRE2's has U+180E too), its `\w` knows marks and connectors, its `\h` is a hexadecimal digit.
    static func translate(_ pattern: String) throws(RuntimeError) -> String {
        var result = ""
        var inClass = 0
        var characters = pattern.makeIterator()
        while let character = characters.next() {
            switch character {
            case "[":
                inClass += 1
                result.append(character)
            case "]":
                inClass -= 1
                result.append(character)
            case "\\":
                guard let escaped = characters.next() else { throw RuntimeError("the tokenizer's pattern `\(pattern)` ends in a backslash") }
                switch escaped {
                case "s": result += #"\p{White_Space}"#
                case "S": result += #"\P{White_Space}"#
                case "w": result += inClass > 0 ? wordSet : "[\(wordSet)]"
                case "W" where inClass == 0: result += "[^\(wordSet)]"
                case "h": result += inClass > 0 ? "0-9A-Fa-f" : "[0-9A-Fa-f]"
                case "W", "H": throw TokenizerFile.unsupported("`\\\(escaped)` in the pattern `\(pattern)`", supported: "\\s \\S \\w \\d \\p{…}")
                default: result += "\\" + String(escaped)
                }
            default: result.append(character)
            }
        }
        return result
    }

    private static let wordSet = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"#

    private static func message(_ code: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(code, &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "error \(code)"
    }
}
