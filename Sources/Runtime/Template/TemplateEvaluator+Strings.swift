/// The methods of strings, as Python has them.
extension TemplateEvaluator {
    func method(_ name: String, of text: String, _ arguments: TemplateArguments) throws(RuntimeError) -> TemplateValue {
        func argument(_ index: Int) throws(RuntimeError) -> String {
            guard index < arguments.positional.count else { throw failure("`\(name)` needs an argument") }
            guard let value = arguments.positional[index].stringValue else {
                throw failure("`\(name)` needs a string, not \(arguments.positional[index].typeName)")
            }
            return value
        }
        try check(size: text.utf8.count)
        let bytes = Array(text.utf8)
        switch name {
        case "startswith", "endswith":
            var affixes = Array(arguments.positional.prefix(1))
            if case .tuple(let several)? = affixes.first { affixes = several } else if affixes.isEmpty { _ = try argument(0) }
            for affix in affixes {
                guard let affix = affix.stringValue else { throw failure("`\(name)` needs a string, not \(affix.typeName)") }
                let isThere = name == "startswith" ? bytes.starts(with: affix.utf8) : bytes.suffix(affix.utf8.count).elementsEqual(affix.utf8)
                if isThere { return .bool(true) }
            }
            return .bool(false)
        case "strip", "lstrip", "rstrip":
            let set = arguments.positional.first.flatMap(\.stringValue)
            return .string(PythonText.stripped(text, set, left: name != "rstrip", right: name != "lstrip"))
        case "split", "rsplit":
            let separator = arguments.value(0, "sep").flatMap(\.stringValue)
            let limit = arguments.value(1, "maxsplit")?.integer ?? -1
            return .list(try split(text, separator, limit, fromRight: name == "rsplit").map { .string($0) })
        case "splitlines": return .list(PythonText.lines(text).map { .string($0) })
        case "replace":
            return .string(try replaced(text, try argument(0), try argument(1), arguments.value(2, "count")?.integer ?? -1))
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "title": return .string(PythonText.titled(text))
        case "capitalize": return .string(PythonText.capitalized(text))
        case "join":
            guard let elements = arguments.positional.first else { throw failure("`join` needs an argument") }
            var parts: [String] = []
            for element in try iterate(elements) {
                guard let part = element.stringValue else { throw failure("`join` needs strings, not \(element.typeName)") }
                parts.append(part)
            }
            return .string(try joined(parts, text))
        case "find", "rfind", "index":
            let part = Array(try argument(0).utf8)
            let range =
                name == "rfind" ? PythonText.lastRange(of: part, in: bytes) : PythonText.firstRange(of: part, in: bytes, from: 0)
            guard let range else {
                if name == "index" { throw failure("substring not found") }
                return .integer(-1)
            }
            return .integer(String(decoding: bytes[..<range.lowerBound], as: UTF8.self).unicodeScalars.count)
        case "count": return .integer(PythonText.ranges(of: Array(try argument(0).utf8), in: bytes).count)
        case "format": return .string(try braceFormatted(text, arguments))
        case "removeprefix":
            let affix = try argument(0)
            return .string(bytes.starts(with: affix.utf8) ? String(decoding: bytes.dropFirst(affix.utf8.count), as: UTF8.self) : text)
        case "removesuffix":
            let affix = try argument(0)
            let isThere = !affix.isEmpty && bytes.suffix(affix.utf8.count).elementsEqual(affix.utf8)
            return .string(isThere ? String(decoding: bytes.dropLast(affix.utf8.count), as: UTF8.self) : text)
        case "partition", "rpartition":
            let separator = try argument(0)
            let part = Array(separator.utf8)
            let isLast = name == "rpartition"
            guard let range = isLast ? PythonText.lastRange(of: part, in: bytes) : PythonText.firstRange(of: part, in: bytes, from: 0) else {
                return .tuple(isLast ? [.string(""), .string(""), .string(text)] : [.string(text), .string(""), .string("")])
            }
            let before = String(decoding: bytes[..<range.lowerBound], as: UTF8.self)
            return .tuple([.string(before), .string(separator), .string(String(decoding: bytes[range.upperBound...], as: UTF8.self))])
        case "zfill":
            let width = arguments.positional.first?.integer ?? 0
            try check(size: width)
            let missing = max(0, width - text.unicodeScalars.count)
            let signed = text.first == "-" || text.first == "+"
            return .string((signed ? String(text.prefix(1)) : "") + String(repeating: "0", count: missing) + text.dropFirst(signed ? 1 : 0))
        case "center", "ljust", "rjust":
            guard let width = arguments.positional.first?.integer else { throw failure("`\(name)` needs a width") }
            let fill = arguments.positional.count > 1 ? try argument(1).unicodeScalars : " ".unicodeScalars
            guard fill.count == 1, let fill = fill.first else { throw failure("the fill character must be exactly one character long") }
            return .string(try aligned(text, name, width: width, fill: fill))
        case "swapcase": return .string(PythonText.swappedCase(text))
        case "casefold": return .string(try PythonText.foldedCase(text))
        case "expandtabs":
            let width = arguments.value(0, "tabsize")?.integer ?? 8
            let tabs = text.utf8.count { $0 == 0x09 }
            let (size, overflows) = tabs.multipliedReportingOverflow(by: max(width, 0))
            try check(size: overflows ? .max : size)
            return .string(PythonText.expandedTabs(text, width: width))
        default: return .bool(PythonText.satisfies(name, text))
        }
    }

    func joined(_ parts: [String], _ separator: String) throws(RuntimeError) -> String {
        try check(size: parts.reduce(parts.count * separator.utf8.count) { $0 + $1.utf8.count })
        return parts.joined(separator: separator)
    }

    func replaced(_ text: String, _ old: String, _ new: String, _ limit: Int) throws(RuntimeError) -> String {
        let bytes = Array(text.utf8)
        var ranges = PythonText.ranges(of: Array(old.utf8), in: bytes)
        if limit >= 0 { ranges = Array(ranges.prefix(limit)) }
        try check(size: bytes.count + ranges.count * new.utf8.count)
        var result: [UInt8] = []
        var end = 0
        for range in ranges {
            result += bytes[end..<range.lowerBound]
            result += new.utf8
            end = range.upperBound
        }
        return String(decoding: result + bytes[end...], as: UTF8.self)
    }

    private func split(_ text: String, _ separator: String?, _ limit: Int, fromRight: Bool) throws(RuntimeError) -> [String] {
        let bytes = Array(text.utf8)
        var gaps: [Range<Int>]
        if let separator {
            guard !separator.isEmpty else { throw failure("empty separator") }
            gaps = PythonText.ranges(of: Array(separator.utf8), in: bytes)
            if fromRight, limit >= 0, gaps.count > limit { gaps = Array(gaps.suffix(limit)) }
        } else {
            return PythonText.words(text, limit: limit, fromRight: fromRight)
        }
        if !fromRight, limit >= 0 { gaps = Array(gaps.prefix(limit)) }
        var parts: [String] = []
        var end = 0
        for gap in gaps {
            parts.append(String(decoding: bytes[end..<gap.lowerBound], as: UTF8.self))
            end = gap.upperBound
        }
        return parts + [String(decoding: bytes[end...], as: UTF8.self)]
    }
}
