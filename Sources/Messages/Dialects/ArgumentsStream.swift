import JSON

/// The JSON object of a call's arguments, passed on while it is written.
///
/// Quoted scalars are unquoted where the schema has no string there. What cannot be judged yet (a comma, a bare word, an escape)
/// is held until it is whole, so that at any moment the brackets that are open suffice to end the object.
struct ArgumentsStream: Sendable {
    private let types: @Sendable (_ parameter: String) -> Set<String>
    private var open: [UInt8] = []
    private var place = Place.value
    private var held: [UInt8] = []
    private var key: [UInt8] = []
    /// The quoted scalar that may lose its quotes.
    private var isUnquoting = false
    /// What was read cannot be JSON.
    private(set) var isBroken = false

    private enum Place { case value, string, keyString, bareWord, afterValue, beforeKey, afterKey }

    init(types: @escaping @Sendable (_ parameter: String) -> Set<String>) { self.types = types }

    var isInString: Bool { place == .string || place == .keyString }

    var isWhole: Bool { open.isEmpty && place == .afterValue }

    /// Reads up to the end of the object.
    ///
    /// - Returns: what of the arguments is certain now, and how many bytes were read.
    mutating func read(_ input: ArraySlice<UInt8>) -> (text: [UInt8], count: Int) {
        var output: [UInt8] = []
        for (offset, byte) in input.enumerated() {
            take(byte, &output)
            if isWhole { return (output, offset + 1) }
        }
        return (output, input.count)
    }

    private mutating func flush(_ output: inout [UInt8]) {
        output += held
        held = []
    }

    private mutating func take(_ byte: UInt8, _ output: inout [UInt8]) {
        switch place {
        case .string, .keyString: takeInString(byte, &output)
        case .bareWord:
            if MarkerScan.isSpace(byte) || [UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}")].contains(byte) {
                flush(&output)
                place = .afterValue
                take(byte, &output)
            } else {
                if !Self.isWordByte(byte) { isBroken = true }
                held.append(byte)
            }
        default: takeStructure(byte, &output)
        }
    }

    private mutating func takeInString(_ byte: UInt8, _ output: inout [UInt8]) {
        if place == .keyString, open.count == 1 { key.append(byte) }
        held.append(byte)
        let isEscape = held.first == UInt8(ascii: "\\")
        if isUnquoting {
            // The whole scalar is held; its quotes are at both ends.
            guard byte == UInt8(ascii: "\""), held.count > 1 else { return }
            guard held.dropLast().reversed().prefix(while: { $0 == UInt8(ascii: "\\") }).count.isMultiple(of: 2) else { return }
            if let text = (try? JSON(parsing: held))?.stringValue, let value = ToolSchemas.value(of: text, types: parameterTypes) {
                held = value.bytes
            }
            isUnquoting = false
            place = .afterValue
            flush(&output)
        } else if isEscape {
            let length = held.count > 1 && held[1] == UInt8(ascii: "u") ? 6 : 2
            if held.count == length { flush(&output) }
        } else {
            if byte == UInt8(ascii: "\"") {
                if place == .keyString, open.count == 1 { key.removeLast() }
                place = place == .keyString ? .afterKey : .afterValue
            }
            flush(&output)
        }
    }

    private var parameterTypes: Set<String> {
        let name = (try? JSON(parsing: [UInt8(ascii: "\"")] + key + [UInt8(ascii: "\"")]))?.stringValue
        return types(name ?? String(decoding: key, as: UTF8.self))
    }

    private mutating func takeStructure(_ byte: UInt8, _ output: inout [UInt8]) {
        if MarkerScan.isSpace(byte) {
            held.append(byte)
            return
        }
        if !isExpected(byte) { isBroken = true }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            open.append(byte == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]"))
            place = byte == UInt8(ascii: "{") ? .beforeKey : .value
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            _ = open.popLast()
            place = .afterValue
        case UInt8(ascii: ","):
            held.append(byte)
            place = open.last == UInt8(ascii: "}") ? .beforeKey : .value
            return
        case UInt8(ascii: ":"):
            // Held until a value follows: an object must not end here.
            held.append(byte)
            place = .value
            return
        case UInt8(ascii: "\""):
            beginString(&output)
            return
        default:
            flush(&output)
            held.append(byte)
            place = .bareWord
            return
        }
        held.append(byte)
        flush(&output)
    }

    /// Whether the byte may stand here.
    private func isExpected(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["): place == .value
        case UInt8(ascii: "}"), UInt8(ascii: "]"): byte == open.last && place != .afterKey
        case UInt8(ascii: ","): place == .afterValue
        case UInt8(ascii: ":"): place == .afterKey
        case UInt8(ascii: "\""): place == .value || place == .beforeKey
        default: place == .value && Self.isWordByte(byte)
        }
    }

    /// Of numbers, `true`, `false` and `null`.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ".")].contains(byte)
        }
    }

    private mutating func beginString(_ output: inout [UInt8]) {
        flush(&output)
        if place == .beforeKey {
            place = .keyString
            if open.count == 1 { key = [] }
            output.append(UInt8(ascii: "\""))
            return
        }
        place = .string
        let types = open.count == 1 ? parameterTypes : []
        if !types.isEmpty, !types.contains("string") {
            isUnquoting = true
            held = [UInt8(ascii: "\"")]
        } else {
            output.append(UInt8(ascii: "\""))
        }
    }

    /// What ends the object where it stands: open strings and brackets are closed, what is half said is null.
    mutating func closing() -> [UInt8] {
        var output: [UInt8] = []
        switch place {
        case .string where isUnquoting: output += Self.withoutHalfEscape(held) + [UInt8(ascii: "\"")]
        case .string: output.append(UInt8(ascii: "\""))
        case .keyString: output += Array("\":null".utf8)
        case .afterKey: output += Array(":null".utf8)
        case .bareWord: output += (try? JSON(parsing: held)) != nil ? held : Array("null".utf8)
        case .value where held.contains(UInt8(ascii: ":")): output += Array(":null".utf8)
        default: break
        }
        held = []
        output += open.reversed()
        open = []
        place = .afterValue
        return output
    }

    private static func withoutHalfEscape(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var index = 0
        while index < bytes.count {
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            let length = bytes[index] != UInt8(ascii: "\\") ? 1 : next == UInt8(ascii: "u") ? 6 : 2
            guard index + length <= bytes.count else { return bytes[..<index] }
            index += length
        }
        return bytes[...]
    }
}
