/// `format % values` and `str.format`.
extension TemplateEvaluator {
    /// `format % values`: Python's printf-style formatting.
    func formatted(_ format: String, _ values: [TemplateValue]) throws(RuntimeError) -> String {
        var result = String.UnicodeScalarView()
        var rest = values[...]
        var scalars = Array(format.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            guard scalar == "%" else {
                result.append(scalar)
                continue
            }
            var mapped: TemplateValue?
            if scalars.first == "(" {
                guard values.count == 1, case .dict(let dict) = values[0], let close = scalars.firstIndex(of: ")") else {
                    throw failure("format requires a mapping")
                }
                let key = String(String.UnicodeScalarView(scalars[(scalars.startIndex + 1)..<close]))
                guard let value = dict[key] else { throw failure("the format's mapping has no '\(key)'") }
                mapped = value
                rest = []
                scalars = scalars[(close + 1)...]
            }
            let style = try percentStyle(&scalars)
            if style.type == "%" {
                result.append("%")
                continue
            }
            guard let value = mapped ?? rest.popFirst() else { throw failure("not enough arguments for format string") }
            result.append(contentsOf: try converted(value, style).unicodeScalars)
        }
        if values.count == 1, rest.count == 1 {
            // A mapping need not be used.
            switch values[0] {
            case .dict, .list: return String(result)
            default: break
            }
        }
        guard rest.isEmpty else { throw failure("not all arguments converted during string formatting") }
        return String(result)
    }

    /// The flags, the width, the precision and the conversion of one `%`.
    private func percentStyle(_ scalars: inout ArraySlice<Unicode.Scalar>) throws(RuntimeError) -> PythonFormat {
        var style = PythonFormat()
        style.alignment = .right
        var isLeft = false
        flags: while let flag = scalars.first {
            switch flag {
            case "-": isLeft = true
            case "+": style.sign = "+"
            case " ": style.sign = style.sign ?? " "
            case "#": style.isAlternate = true
            case "0": (style.fill, style.alignment) = ("0", .afterSign)
            default: break flags
            }
            scalars.removeFirst()
        }
        if isLeft { (style.fill, style.alignment) = (" ", .left) }
        guard scalars.first != "*", let width = PythonFormat.digits(&scalars) else { throw failure("the width of a format is not supported") }
        try check(size: width.value)
        style.width = width.value
        if scalars.first == "." {
            scalars.removeFirst()
            guard let digits = PythonFormat.digits(&scalars), digits.value <= PythonFormat.longestPrecision else {
                throw failure("the precision of a format is not supported")
            }
            style.precision = digits.value
        }
        guard let type = scalars.popFirst() else { throw failure("incomplete format") }
        style.type = type
        return style
    }

    private func converted(_ value: TemplateValue, _ given: PythonFormat) throws(RuntimeError) -> String {
        var style = given
        switch given.type {
        case "s", "r":
            let text = given.type == "s" ? value.text : value.notation
            if style.alignment == .afterSign { (style.fill, style.alignment) = (" ", .right) }
            return style.padded(cut(text, style.precision))
        case "d", "i", "u", "x", "X", "o":
            if ["i", "u"].contains(given.type) { style.type = "d" }
            if style.type == "d", case .largeInteger(let digits) = value {
                return style.number(isNegative: digits.hasPrefix("-"), String(digits.drop { $0 == "-" }))
            }
            var integer = value.integer
            if style.type == "d", case .float(let number) = value { integer = Int(exactly: number.rounded(.towardZero)) }
            guard let integer, style.precision == nil, let text = style.integer(integer) else {
                throw failure("%\(given.type.map { String($0) } ?? "") format: a number is required, not \(value.typeName), without a precision")
            }
            return text
        case "e", "E", "f", "F", "g", "G":
            guard let number = value.number, let text = style.float(number) else {
                throw failure("%\(given.type.map { String($0) } ?? "") format: a number is required, not \(value.typeName)")
            }
            return text
        default: throw failure("the format character `\(given.type.map { String($0) } ?? "")` is not supported")
        }
    }

    private func cut(_ text: String, _ precision: Int?) -> String {
        precision.map { String(Substring(text.unicodeScalars.prefix($0))) } ?? text
    }

    // MARK: str.format

    /// `str.format` with `{}`, `{0}` and `{name}`, conversions and format specifications.
    func braceFormatted(_ format: String, _ arguments: TemplateArguments) throws(RuntimeError) -> String {
        var result = String.UnicodeScalarView()
        var next = 0
        var scalars = Array(format.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            guard scalar == "{" || scalar == "}" else {
                result.append(scalar)
                continue
            }
            if scalars.first == scalar {
                result.append(scalar)
                scalars.removeFirst()
                continue
            }
            guard scalar == "{", let close = scalars.firstIndex(of: "}") else { throw failure("single '\(scalar)' in a format string") }
            let field = scalars[..<close]
            scalars = scalars[(close + 1)...]
            let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let names = (parts.first ?? []).split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
            func text(_ scalars: ArraySlice<Unicode.Scalar>?) -> String { String(String.UnicodeScalarView(scalars ?? [])) }
            let name = text(names.first)
            var value: TemplateValue?
            if name.isEmpty {
                value = next < arguments.positional.count ? arguments.positional[next] : nil
                next += 1
            } else if let index = Int(name) {
                value = arguments.positional.indices.contains(index) ? arguments.positional[index] : nil
            } else {
                value = arguments.named.first { $0.name == name }?.value
            }
            guard let value else { throw failure("the format field `{\(text(field))}` is not supported or has no argument") }
            let specification = parts.count > 1 ? text(parts[1]) : ""
            let isConverted = names.count > 1
            if isConverted, !["s", "r"].contains(text(names[1])) { throw failure("the conversion in `{\(text(field))}` is not supported") }
            let shown = isConverted ? .string(text(names[1]) == "r" ? value.notation : value.text) : value
            result.append(contentsOf: try specified(shown, specification).unicodeScalars)
        }
        return String(result)
    }

    /// `format(value, specification)`.
    private func specified(_ value: TemplateValue, _ specification: String) throws(RuntimeError) -> String {
        if specification.isEmpty { return value.text }
        func refusal() -> RuntimeError { failure("the format `\(specification)` of a value of type \(value.typeName) is not supported") }
        guard var style = PythonFormat(specification), (style.precision ?? 0) <= PythonFormat.longestPrecision else { throw refusal() }
        try check(size: style.width)
        // Zeros before a number with groups have groups themselves.
        if style.groups != nil, style.alignment == .afterSign { throw refusal() }
        switch value {
        case .string(let text):
            // Zeros that stand for a width alone are put behind a text.
            if style.alignment == .afterSign, style.fill == "0" { style.alignment = .left }
            guard style.type == nil || style.type == "s", style.alignment != .afterSign, style.sign == nil, style.groups == nil, !style.isAlternate
            else {
                throw refusal()
            }
            return style.padded(cut(text, style.precision))
        case .bool, .integer, .float:
            if let integer = value.integer, style.precision == nil, style.groups == nil || style.type == nil || style.type == "d",
                let text = style.integer(integer)
            {
                return text
            }
            if let number = value.number, let text = style.float(number) { return text }
            // The shortest digits.
            if case .float(let number) = value, style.type == nil, style.precision == nil {
                return style.number(isNegative: number.sign == .minus, PythonText.text(of: number.magnitude))
            }
            throw refusal()
        default: throw refusal()
        }
    }
}
