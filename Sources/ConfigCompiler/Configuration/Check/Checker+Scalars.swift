import Diagnostics
import JSON
import LaunchPlan

extension Checker {
    mutating func wrongType(_ expected: String, _ node: SyntaxNode, _ place: Place, notes: [String] = [], fixes: [Fix] = []) {
        if isFull { return }
        report(
            Diagnostic(
                .wrongType, "`\(place.name)` needs \(expected), found \(node.typeName)", at: shortened(node.span), label: "expected \(expected)",
                secondary: used(node), notes: notes, fixes: fixes, path: place.pointer))
    }

    /// Where an alias brought a value into the place that does not take it.
    private func used(_ node: SyntaxNode) -> [Diagnostic.Secondary] { node.alias.map { [.init($0, "used here")] } ?? [] }

    /// The bytes of a node as they stand in the file.
    private func raw(_ node: SyntaxNode) -> String { sources.text(of: node.span) }

    mutating func boolean(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        switch node.value {
        case .bool(let value): return .bool(value)
        case .string(let text):
            guard let value = Self.booleanWords[text.lowercased()] else { break }
            report(
                Diagnostic(
                    .notABoolean, "`\(place.name)` needs true or false, found the string \"\(text)\"", at: node.span,
                    label: node.style == .plain ? "a string in YAML 1.2" : "quoted, so it is a string", secondary: used(node),
                    fixes: [Fix("write `\(value)`", .safe, edits: [.init(node.span, String(value))])], path: place.pointer))
            return nil
        default: break
        }
        wrongType("true or false", node, place)
        return nil
    }

    static let booleanWords = ["yes": true, "on": true, "true": true, "y": true, "no": false, "off": false, "false": false, "n": false]

    mutating func integer(_ node: SyntaxNode, _ range: ClosedRange<Int>, _ place: Place) -> Int? {
        switch node.value {
        case .integer(let value):
            let text = raw(node)
            let digits = text.drop { $0 == "-" || $0 == "+" }
            if digits.count > 1, digits.hasPrefix("0"), digits.dropFirst().allSatisfy(\.isNumber) {
                report(
                    Diagnostic(
                        .ambiguousInteger, "`\(text)` has a leading zero: \(value) in YAML 1.2, octal in YAML 1.1", at: node.span, label: "ambiguous",
                        fixes: [Fix("write `\(value)`", .suggestion, edits: [.init(node.span, String(value))])], path: place.pointer))
                return nil
            }
            guard range.contains(value) else {
                report(
                    Diagnostic(
                        .outOfRange, "`\(place.name)` is outside \(range.lowerBound)...\(range.upperBound)", at: node.span, label: "out of range",
                        secondary: used(node), path: place.pointer))
                return nil
            }
            return value
        case .number(let number):
            let whole = Int(exactly: number.double)
            report(
                Diagnostic(
                    .notAnInteger, "`\(place.name)` needs an integer, found `\(raw(node).prefix(40))`", at: node.span,
                    label: "a floating-point number", notes: whole == nil ? ["an integer within \(range.lowerBound)...\(range.upperBound)"] : [],
                    fixes: whole.map { [Fix("write `\($0)`", .safe, edits: [.init(node.span, String($0))])] } ?? [], path: place.pointer))
        case .string(let text) where Int(text) != nil:
            wrongType(
                "an integer", node, place, notes: ["an integer within \(range.lowerBound)...\(range.upperBound)"],
                fixes: [Fix("remove the quotes", .safe, edits: [.init(node.span, text)])])
        default: wrongType("an integer", node, place)
        }
        return nil
    }

    /// - Parameter range: in millionths.
    mutating func decimal(_ node: SyntaxNode, _ range: ClosedRange<Int>, _ place: Place) -> Int? {
        let number: Double
        switch node.value {
        case .integer(let value): number = Double(value)
        case .number(let value): number = value.double
        case .string(let text) where JSONNumber(text) != nil:
            wrongType("a number", node, place, fixes: [Fix("remove the quotes", .safe, edits: [.init(node.span, text)])])
            return nil
        default:
            wrongType("a number", node, place)
            return nil
        }
        guard let millionths = Decimals.millionths(number, within: range) else {
            let limits = "\(Decimals.text(range.lowerBound))...\(Decimals.text(range.upperBound))"
            report(
                Diagnostic(
                    .outOfRange, "`\(place.name)` is outside \(limits)", at: node.span, label: "out of range", secondary: used(node),
                    path: place.pointer))
            return nil
        }
        return millionths
    }

    /// The text of a node that must be one; nil where it was reported.
    mutating func string(_ node: SyntaxNode, _ expected: String, _ place: Place) -> String? {
        guard case .string(let text) = node.value else {
            var fixes: [Fix] = []
            switch node.value {
            case .bool, .integer, .number: fixes = [Fix("quote it", .safe, edits: [.init(node.span, JSON.string(raw(node)).text)])]
            default: break
            }
            wrongType(expected, node, place, fixes: fixes)
            return nil
        }
        return interpolates(text, node, place, isSecret: false) ? nil : text
    }

    mutating func text(_ node: SyntaxNode, _ spec: KeySpec, _ place: Place) -> CheckedValue? {
        if case .integer(let value) = node.value, case let (unit, noun)? = Self.unit(of: spec.type) {
            report(
                Diagnostic(
                    .missingUnit, "`\(place.name)` has no unit", at: node.span, label: "a number of what?",
                    fixes: [
                        Fix("write the \(noun) with its unit", .suggestion, edits: [.init(node.span, Self.written("\(value)\(unit)", as: node))])
                    ], path: place.pointer))
            return nil
        }
        guard let text = string(node, "a string", place) else { return nil }
        switch spec.type {
        case .prose: break
        // A URL that carries a password is no address; what it carries is not shown.
        case .url where text.contains("@"): mask(node.span)
        default: if holdsSecret(text, node, place) { return nil }
        }
        do throws(ValueFault) {
            let value = try TextValue.read(text, as: spec.type)
            if node.style == .plain, text.utf8.count <= 3, Self.yamlOneBooleans.contains(text.lowercased()) {
                report(
                    Diagnostic(
                        .yesNoWord, "`\(text)` is a string here, and was a boolean in YAML 1.1", at: node.span, label: "the string \"\(text)\"",
                        fixes: [Fix("quote it", .safe, edits: [.init(node.span, "\"\(text)\"")])], path: place.pointer))
            }
            return value
        } catch {
            report(
                Diagnostic(
                    error.code, "`\(place.name)` \(error.message)", at: shortened(node.span), label: "this value", secondary: used(node),
                    notes: error.notes,
                    fixes: error.replacement.map {
                        [Fix("write `\($0.text)`", $0.applicability, edits: [.init(node.span, Self.written($0.text, as: node))])]
                    } ?? [],
                    path: place.pointer))
            return nil
        }
    }

    /// A word in the style of the one that it replaces; in quotes where it could be read as something else.
    static func written(_ text: String, as node: SyntaxNode) -> String {
        let isWord = text.utf8.allSatisfy { $0.isWord || [UInt8(ascii: "-"), UInt8(ascii: ".")].contains($0) }
        let isText = if case .value(.string) = CoreSchema.resolve(text) { true } else { false }
        return node.style == .plain && isYAML(node) && isWord && isText ? text : JSON.string(text).text
    }

    /// Only YAML has plain strings; plain integers of JSON must become quoted ones.
    private static func isYAML(_ node: SyntaxNode) -> Bool {
        if case .string = node.value { true } else { false }
    }

    private static let yamlOneBooleans: Set<String> = ["yes", "no", "on", "off"]

    private static func unit(of type: ValueType) -> (unit: String, noun: String)? {
        switch type {
        case .duration: ("s", "duration")
        case .size: ("MiB", "size")
        default: nil
        }
    }

    /// `${NAME}` is never replaced; silently taking it for a text would be worse than an error.
    mutating func interpolates(_ text: String, _ node: SyntaxNode, _ place: Place, isSecret: Bool) -> Bool {
        guard let start = Self.interpolation(in: text) else { return false }
        if isFull { return true }
        let name = text[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let whole = isSecret && text == "${\(name)}" && !name.isEmpty
        report(
            Diagnostic(
                .interpolation, "`${\(name)}` is not replaced", at: shortened(node.span), label: "taken as it stands",
                notes: isSecret ? [] : ["flags and the documented variables go before the file; `anyclaude explain AC0602` tells more"],
                fixes: whole ? [Fix("refer to the variable", .safe, edits: [.init(node.span, "{ \"env\": \"\(name)\" }")])] : [], path: place.pointer)
        )
        return true
    }

    /// Behind the first `${`.
    private static func interpolation(in text: String) -> String.Index? {
        var rest = text.utf8[...]
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            rest = rest[dollar...].dropFirst()
            if rest.first == UInt8(ascii: "{") { return rest.index(after: rest.startIndex) }
        }
        return nil
    }

    mutating func arguments(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        guard case .sequence(let elements) = node.value else {
            wrongType("a list of a program and its arguments", node, place)
            return nil
        }
        guard !elements.isEmpty else {
            report(
                Diagnostic(
                    .emptyValue, "`\(place.name)` is empty", at: shortened(node.span), label: "needs a program",
                    notes: ["as `[./serve, --port, \"8083\"]`"], path: place.pointer))
            return nil
        }
        let texts = elements.enumerated().map { index, element in string(element, "a string", place.child(String(index))) }
        for (index, text) in texts.enumerated() where text?.unicodeScalars.contains("\0") == true || (index == 0 && text?.isEmpty == true) {
            report(
                Diagnostic(
                    .badPath, "an argument cannot be this", at: elements[index].span, label: "empty, or with a NUL character", path: place.pointer))
            return nil
        }
        if holdsSecret(texts.map { $0 ?? "" }, arguments: elements, place) { return nil }
        return texts.contains { $0 == nil } ? nil : .arguments(texts.compactMap { $0 })
    }

    mutating func variables(_ node: SyntaxNode, _ place: Place) -> CheckedValue? {
        guard case .mapping(let entries) = node.value else {
            wrongType("a mapping of names to texts", node, place)
            return nil
        }
        var result: [String: PlanValue] = [:]
        for entry in entries where !entry.isRemark {
            let inner = place.child(entry.key)
            let isName =
                entry.key.utf8.first.map { !(0x30...0x39).contains($0) } == true
                && entry.key.utf8.allSatisfy { $0.isWord }
            guard isName else {
                if isFull { continue }
                report(
                    Diagnostic(
                        .badName, "`\(entry.key.prefix(64))` cannot be a variable", at: entry.keySpan, label: "letters, digits and `_`",
                        path: inner.pointer))
                continue
            }
            if case .mapping = entry.value.value {
                if case .secret(.reference(let reference))? = secret(entry.value, inner) { result[entry.key] = .secret(reference) }
            } else if let text = string(entry.value, "a string or a secret reference", inner) {
                guard !text.unicodeScalars.contains("\0") else {
                    report(
                        Diagnostic(
                            .badPath, "`\(entry.key)` has a NUL character", at: shortened(entry.value.span), label: "would end here",
                            path: inner.pointer))
                    continue
                }
                if !holdsSecret(text, variable: entry, inner) { result[entry.key] = .text(text) }
            }
        }
        return .variables(result)
    }
}
