import Diagnostics
import JSON

/// Says what a JSON parser's error means to the author of the text.
enum JSONSyntaxFault {
    static func diagnostic(_ error: JSONError, in bytes: UnsafeBufferPointer<UInt8>, file: FileID, limits: SyntaxLimits) -> Diagnostic {
        let offset = min(error.offset, bytes.count)
        let place = SourceSpan(file, offset..<min(offset + 1, bytes.count))
        if error.message.hasPrefix("nested more") { return limits.tooDeep(place) }
        if let open = unclosed(upTo: offset, bytes), offset == bytes.count {
            let bracket = Character(UnicodeScalar(bytes[open]))
            return Diagnostic(
                .unclosedCollection, "`\(bracket)` is not closed", at: place, label: "the text ends here",
                secondary: [.init(SourceSpan(file, open..<open + 1), "opened here")])
        }
        if offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if let comma = previousByte(before: offset, bytes), bytes[comma] == UInt8(ascii: ",") {
                    let span = SourceSpan(file, comma..<comma + 1)
                    return Diagnostic(
                        .trailingComma, "a comma before the end of a list or mapping", at: span, label: "nothing follows it",
                        fixes: [Fix("remove the comma", .safe, edits: [.init(span, "")])])
                }
            case UInt8(ascii: "/"), UInt8(ascii: "#"):
                return Diagnostic(
                    .jsonComment, "JSON has no comments", at: place, label: "a comment begins here",
                    notes: ["a member whose name begins with `//` is taken as a comment, and YAML has `#`"])
            case UInt8(ascii: "'"):
                return Diagnostic(.singleQuotes, "JSON has double quotes only", at: place, label: "write \" here and at its end")
            default: break
            }
        }
        let isWord = offset < bytes.count && (0x41...0x7A).contains(bytes[offset]) && error.message.contains("a value was expected")
        return Diagnostic(
            .jsonSyntax, error.message, at: place, label: offset == bytes.count ? "the text ends here" : "here",
            notes: isWord ? ["a text stands in double quotes; without them there are only `true`, `false`, `null` and numbers"] : [])
    }

    private static func previousByte(before offset: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = offset - 1
        while index >= 0, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index -= 1 }
        return index >= 0 ? index : nil
    }

    /// The innermost bracket that is open at `end`; nil where none is, or a string is.
    private static func unclosed(upTo end: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var open: [Int] = []
        var index = 0
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): open.append(index)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
            case UInt8(ascii: "\""):
                index += 1
                while index < end, bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
                if index >= end { return nil }
            default: break
            }
            index += 1
        }
        return open.last
    }
}
