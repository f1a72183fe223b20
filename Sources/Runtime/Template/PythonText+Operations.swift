import Glibc

/// What Python's string methods do, on code points and UTF-8.
extension PythonText {
    static func firstRange(of part: [UInt8], in bytes: [UInt8], from start: Int) -> Range<Int>? {
        guard let first = part.first else { return start..<start }
        var index = start
        while index + part.count <= bytes.count {
            if bytes[index] == first, bytes[index..<(index + part.count)].elementsEqual(part) { return index..<(index + part.count) }
            index += 1
        }
        return nil
    }

    static func lastRange(of part: [UInt8], in bytes: [UInt8]) -> Range<Int>? {
        var index = bytes.count - part.count
        while index >= 0 {
            if bytes[index..<(index + part.count)].elementsEqual(part) { return index..<(index + part.count) }
            index -= 1
        }
        return nil
    }

    /// Where `part` occurs, without overlaps; the empty text occurs around each code point.
    static func ranges(of part: [UInt8], in bytes: [UInt8]) -> [Range<Int>] {
        if part.isEmpty {
            return bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }.map { $0..<$0 } + [bytes.count..<bytes.count]
        }
        var ranges: [Range<Int>] = []
        var start = 0
        while let range = firstRange(of: part, in: bytes, from: start) {
            ranges.append(range)
            start = range.upperBound
        }
        return ranges
    }

    /// - Parameter set: the characters to strip; white space where nil.
    static func stripped(_ text: String, _ set: String?, left: Bool, right: Bool) -> String {
        let characters = set.map { Set($0.unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool { characters?.contains(scalar) ?? isSpace(scalar) }
        // A slice: making a view of the elements anew takes microseconds for each.
        var scalars = text.unicodeScalars[...]
        if left { while let first = scalars.first, goes(first) { scalars.removeFirst() } }
        if right { while let last = scalars.last, goes(last) { scalars.removeLast() } }
        return String(Substring(scalars))
    }

    /// `split()` without a separator.
    static func words(_ text: String, limit: Int, fromRight: Bool) -> [String] {
        var scalars = Array(text.unicodeScalars)
        if fromRight { scalars.reverse() }
        var words: [[Unicode.Scalar]] = []
        var index = 0
        while true {
            while index < scalars.count, isSpace(scalars[index]) { index += 1 }
            guard index < scalars.count else { break }
            if limit >= 0, words.count == limit {
                var rest = Array(scalars[index...])
                while let last = rest.last, isSpace(last) { rest.removeLast() }
                words.append(rest)
                break
            }
            let start = index
            while index < scalars.count, !isSpace(scalars[index]) { index += 1 }
            words.append(Array(scalars[start..<index]))
        }
        let texts = words.map { word in
            var view = String.UnicodeScalarView()
            view.append(contentsOf: fromRight ? word.reversed() : word)
            return String(view)
        }
        return fromRight ? texts.reversed() : texts
    }

    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        var current = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\n", previous == "\r" { continue }
            switch scalar.value {
            case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
                lines.append(String(current))
                current = String.UnicodeScalarView()
            default: current.append(scalar)
            }
        }
        return current.isEmpty ? lines : lines + [String(current)]
    }

    static func titled(_ text: String) -> String {
        var result = ""
        var isInside = false
        for scalar in text.unicodeScalars {
            let isLetter = scalar.properties.isCased
            result += !isLetter ? String(scalar) : isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
            isInside = isLetter
        }
        return result
    }

    static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return text }
        return first.properties.titlecaseMapping + String(Substring(text.unicodeScalars.dropFirst())).lowercased()
    }

    /// The predicates of strings: false for the empty one, else whether all characters have the property.
    static func satisfies(_ predicate: String, _ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard !scalars.isEmpty else { return false }
        func isNumeric(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit }
        func isLetter(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
            default: false
            }
        }
        return switch predicate {
        case "isdigit": scalars.allSatisfy(isNumeric)
        case "isalpha": scalars.allSatisfy(isLetter)
        case "isalnum": scalars.allSatisfy { isLetter($0) || $0.properties.numericType != nil }
        case "isspace": scalars.allSatisfy(isSpace)
        case "isupper": scalars.contains { $0.properties.isCased } && scalars.allSatisfy { !$0.properties.isCased || $0.properties.isUppercase }
        default: scalars.contains { $0.properties.isCased } && scalars.allSatisfy { !$0.properties.isCased || $0.properties.isLowercase }
        }
    }

    /// `%.Nf`: the nearest decimal of `digits` fraction digits.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return text(of: value) }
        var buffer = [CChar](repeating: 0, count: 400)
        let count = withVaList([Int32(clamping: min(max(digits, 0), 60)), value]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
        return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension PythonText {
    /// Jinja's `title`: the first letter of each word in upper case, words beginning after white space, hyphens and opening brackets.
    static func titledWords(_ text: String) -> String {
        var result = ""
        var startsWord = true
        for scalar in text.unicodeScalars {
            if isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar) {
                result.unicodeScalars.append(scalar)
                startsWord = true
            } else {
                result += startsWord ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
                startsWord = false
            }
        }
        return result
    }
}
