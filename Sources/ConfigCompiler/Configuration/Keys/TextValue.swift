import Diagnostics
import LaunchPlan

/// Reads texts as the types that are written as text; flags, variables and files share it.
enum TextValue {
    static func read(_ text: String, as type: ValueType) throws(ValueFault) -> CheckedValue {
        switch type {
        case .prose, .anything: return .text(text)
        case .string:
            guard !text.isEmpty else { throw ValueFault(.emptyValue, "is empty", notes: ["leave the key out where it has nothing to say"]) }
            // It may become an argument of a program.
            guard !text.unicodeScalars.contains("\0") else { throw ValueFault(.badPath, "has a NUL character") }
            return .text(text)
        case .choice(let choices): return .text(try choice(text, choices))
        case .duration(let range), .milliseconds(let range): return .milliseconds(try duration(text, range))
        case .size(let range): return .bytes(try size(text, range))
        case .path: return .path(try PathText.planPath(text), written: text)
        case .url: return .url(try BaseURL(parsing: text))
        case .host:
            guard HostName.isValid(text) else {
                throw ValueFault(
                    .badHost, "is not an address or host name", notes: ["as `127.0.0.1`, `::1` or `example.org`, without a scheme and without a port"]
                )
            }
            return .text(text)
        case .name: return .text(try name(text))
        case .httpPath:
            guard text.hasPrefix("/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                let whole = "/\(text)"
                let isWord = !text.isEmpty && !text.hasPrefix("/") && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                throw ValueFault(
                    .badProbe, "is not a path of HTTP: it begins with `/` and has no spaces", replacement: isWord ? (whole, .suggestion) : nil)
            }
            return .text(text)
        case .processors: return .processors(try ProcessorList.numbers(text))
        case .boolean, .integer, .decimal, .secret, .names, .texts, .arguments, .variables, .members, .section, .list, .named, .optional, .files:
            throw ValueFault(.wrongType, "is not a text")
        }
    }

    private static func choice(_ text: String, _ choices: [Choice]) throws(ValueFault) -> String {
        if let choice = choices.first(where: { $0.name == text || $0.aliases.contains(text) }) { return choice.name }
        let names = choices.flatMap { [$0.name] + $0.aliases }
        throw ValueFault(
            .unknownChoice, "is not one of \(choices.map { "`\($0.name)`" }.joined(separator: ", "))",
            replacement: Spelling.nearest(to: text, among: names).map { ($0, .suggestion) })
    }

    private static func duration(_ text: String, _ range: ClosedRange<Int>) throws(ValueFault) -> Int {
        let value = try quantity(text, "duration", example: "\(text)s") { (text) throws(Quantity.Fault) in try Quantity.duration(text) }
        guard range.contains(value) else {
            throw ValueFault(
                .outOfRange, "is outside \(Quantity.text(milliseconds: range.lowerBound))...\(Quantity.text(milliseconds: range.upperBound))")
        }
        return value
    }

    private static func size(_ text: String, _ range: ClosedRange<Int>) throws(ValueFault) -> Int {
        let value = try quantity(text, "size", example: "\(text)MiB") { (text) throws(Quantity.Fault) in try Quantity.size(text) }
        guard range.contains(value) else {
            throw ValueFault(.outOfRange, "is outside \(Quantity.text(bytes: range.lowerBound))...\(Quantity.text(bytes: range.upperBound))")
        }
        return value
    }

    private static func quantity(_ text: String, _ noun: String, example: String, _ read: (String) throws(Quantity.Fault) -> Int) throws(ValueFault)
        -> Int
    {
        do throws(Quantity.Fault) {
            return try read(text)
        } catch {
            switch error {
            case .noUnit: throw ValueFault(.missingUnit, "has no unit", replacement: (example, .suggestion))
            case .malformed:
                throw ValueFault(.badQuantity, "is not a \(noun)", notes: [noun == "size" ? "as `512MiB` or `40GiB`" : "as `300s`, `5m` or `1h30m`"])
            case .tooLarge: throw ValueFault(.outOfRange, "is too large")
            }
        }
    }

    /// A name that can be that of a service, a folder and a socket.
    static func name(_ text: String) throws(ValueFault) -> String {
        let isRight = text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
        guard isRight, !text.isEmpty, text.utf8.count <= 32, !text.hasPrefix("-") else {
            let near = nearName(text)
            throw ValueFault(
                .badName, "is not a name: lower-case letters, digits and `-`, at most 32 of them", replacement: near.map { ($0, .suggestion) })
        }
        return text
    }

    /// `My Stack` as `my-stack`; nil where little would be left of it.
    private static func nearName(_ text: String) -> String? {
        let words = text.lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
        let name = words.joined(separator: "-")
        return name.isEmpty || name.utf8.count > 32 || name.utf8.count * 2 < text.utf8.count ? nil : name
    }
}
