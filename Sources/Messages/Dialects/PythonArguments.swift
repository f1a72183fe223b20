import JSON

/// The keyword arguments of a call in Python, literals alone, written as a JSON object while they are read. What is no literal is passed
/// on as it is: the arguments are no JSON then, and nobody takes them for what was meant.
struct PythonArguments: Sendable {
    private enum Place {
        case name, value, word, afterValue
        case string(PythonString)
    }

    private var place = Place.name
    /// A name or a word that is not whole.
    private var text: [UInt8] = []
    /// A comma is held until something follows it: Python allows it before a bracket.
    private var hasComma = false
    private var isBegun = false
    private var open: [UInt8] = []
    private(set) var isWhole = false

    private static let longestName = 256

    /// Reads up to the bracket that closes the arguments.
    ///
    /// - Returns: JSON, and how many bytes were read.
    mutating func read(_ input: ArraySlice<UInt8>) -> (json: [UInt8], count: Int) {
        var output: [UInt8] = []
        if !isBegun, !input.isEmpty {
            isBegun = true
            output.append(UInt8(ascii: "{"))
        }
        for (offset, byte) in input.enumerated() {
            take(byte, &output)
            if isWhole { return (output, offset + 1) }
        }
        return (output, input.count)
    }

    /// The text has ended: what is held of a word.
    mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        if case .word = place { endWord(&output) }
        return output
    }

    private mutating func take(_ byte: UInt8, _ output: inout [UInt8]) {
        switch place {
        case .name: takeInName(byte, &output)
        case .string(var string):
            let reading = string.take(byte, &output)
            if case .inside = reading { return place = .string(string) }
            place = .afterValue
            if case .endedBefore = reading { take(byte, &output) }
        case .word:
            if Self.isWordByte(byte) { return text.append(byte) }
            endWord(&output)
            take(byte, &output)
        case .value, .afterValue: takeStructure(byte, &output)
        }
    }

    private mutating func takeInName(_ byte: UInt8, _ output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "="):
            tellComma(&output)
            output += Array((JSON.string(String(decoding: MarkerScan.trimmed(text[...]), as: UTF8.self)).text + ": ").utf8)
            text = []
            place = .value
        case UInt8(ascii: ")"):
            tellBareName(&output)
            output.append(UInt8(ascii: "}"))
            isWhole = true
        default:
            if !text.isEmpty || !MarkerScan.isSpace(byte) { text.append(byte) }
            if text.count > Self.longestName { tellBareName(&output) }
        }
    }

    /// A value without a name.
    private mutating func tellBareName(_ output: inout [UInt8]) {
        if !text.isEmpty { tellComma(&output) }
        output += text
        text = []
        hasComma = false
    }

    private mutating func tellComma(_ output: inout [UInt8]) {
        if hasComma { output += Array(", ".utf8) }
        hasComma = false
    }

    private mutating func takeStructure(_ byte: UInt8, _ output: inout [UInt8]) {
        if MarkerScan.isSpace(byte) { return }
        var isValue = false
        if case .value = place { isValue = true }
        switch byte {
        case UInt8(ascii: ")") where open.isEmpty:
            output.append(UInt8(ascii: "}"))
            isWhole = true
        case UInt8(ascii: ","):
            if hasComma { output.append(byte) }
            hasComma = true
            place = open.isEmpty ? .name : .value
        case UInt8(ascii: "]"), UInt8(ascii: ")"), UInt8(ascii: "}"):
            hasComma = false
            _ = open.popLast()
            output.append(byte == UInt8(ascii: "}") ? byte : UInt8(ascii: "]"))
            place = .afterValue
        case UInt8(ascii: ":"):
            output += Array(": ".utf8)
            place = .value
        default:
            tellComma(&output)
            takeValue(byte, isValue: isValue, &output)
        }
    }

    private mutating func takeValue(_ byte: UInt8, isValue: Bool, _ output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            output.append(UInt8(ascii: "\""))
            place = .string(PythonString(quote: byte))
        case UInt8(ascii: "["), UInt8(ascii: "("), UInt8(ascii: "{"):
            let isObject = byte == UInt8(ascii: "{")
            open.append(byte)
            output.append(isObject ? byte : UInt8(ascii: "["))
            place = .value
        case _ where isValue && Self.isWordByte(byte):
            text = [byte]
            place = .word
        default: output.append(byte)
        }
    }

    private mutating func endWord(_ output: inout [UInt8]) {
        let word = String(decoding: text, as: UTF8.self)
        text = []
        place = .afterValue
        switch word {
        case "True": output += Array("true".utf8)
        case "False": output += Array("false".utf8)
        case "None": output += Array("null".utf8)
        default: output += Array(((try? JSON(parsing: word)) == nil ? Self.number(word) ?? word : word).utf8)
        }
    }

    /// A number that JSON writes otherwise: `1_000`, `.5`, `2.`.
    private static func number(_ word: String) -> String? {
        guard word.utf8.contains(where: { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            word.utf8.allSatisfy({ "0123456789_.eE+-".utf8.contains($0) })
        else { return nil }
        let digits = word.replacing("_", with: "")
        if let whole = Int(digits) { return String(whole) }
        return Double(digits).flatMap(JSONNumber.init)?.text
    }

    /// Of numbers, `True`, `False` and `None`.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: "-+._".utf8.contains(byte)
        }
    }
}
