import JSON
import Testing

@Suite struct JSONParserTests {
    @Test func valuesKeepWhatTheDocumentSaid() throws {
        let value = try JSON(
            parsing: "\u{FEFF} {\"b\": [1, -0, 1.50, 1e2, 12345678901234567890, null, true], \"a\": \"x\\u00e9\\n\\ud834\\udd1e/\"} ")
        #expect(value.objectValue?.members.map(\.key) == ["b", "a"])
        #expect(value["a"] == "xé\n𝄞/")
        #expect(value.text == "{\"b\":[1,-0,1.50,1e2,12345678901234567890,null,true],\"a\":\"xé\\n𝄞/\"}")
        #expect(value["b"]?[2]?.doubleValue == 1.5)
        #expect(value["b"]?[9] == nil)
    }

    @Test func ofDuplicateKeysTheLastCountsInTheFirstsPlace() throws {
        #expect(try JSON(parsing: "{\"a\":1,\"b\":2,\"a\":3}").text == "{\"a\":3,\"b\":2}")
    }

    /// Ids and hashes are of bytes, and RFC 8259 compares names by their code points: what looks the same is not.
    @Test func textsAreTheSameByTheirBytes() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        #expect(JSON.string(composed) != .string(decomposed) && JSON.string(composed) == .string("caf\u{E9}"))
        #expect(Set([JSON.string(composed), .string(decomposed), .string(composed)]).count == 2)
        #expect(JSON.array([.string("\u{212B}")]) != [.string("\u{C5}")])
        // Of as many bytes each.
        #expect(JSON.string("a\u{323}\u{307}") != .string("a\u{307}\u{323}"))
        for count in [0, 20] {
            var object = try #require(try JSON(parsing: "{\"\(composed)\": 1, \"\(decomposed)\": 2}").objectValue)
            for index in 0..<count { object["k\(index)"] = .integer(index) }
            #expect(object.count == count + 2 && object[composed] == 1 && object[decomposed] == 2)
            #expect(JSONObject(object.members) == object && Set([object, JSONObject(object.members.reversed())]).count == 1)
            object[decomposed] = nil
            #expect(object[composed] == 1 && object[decomposed] == nil)
            #expect(JSONObject([.init(key: composed, value: 1)]) != JSONObject([.init(key: decomposed, value: 1)]))
            #expect(JSONObject.Member(key: composed, value: 1) != .init(key: decomposed, value: 1))
        }
    }

    @Test func largeObjectsFindTheirMembers() throws {
        var object = JSONObject()
        for index in 0..<200 { object["k\(index)"] = .integer(index) }
        object["k7"] = nil
        #expect(object.count == 199)
        #expect(object["k7"] == nil)
        #expect(object["k199"] == 199)
        #expect(try JSON(parsing: JSON.object(object).text) == .object(object))
    }

    @Test(arguments: [
        ("", 0, 1, 1), ("[1,]", 3, 1, 4), ("{\"a\" 1}", 5, 1, 6), ("[\n  tru]", 4, 2, 3), ("\"é\u{01}\"", 3, 1, 3), ("[01]", 1, 1, 2),
        ("1 2", 2, 1, 3),
        ("\"\\ud834\"", 1, 1, 2), ("\"\\x\"", 1, 1, 2), ("[1", 2, 1, 3), ("\"abc", 0, 1, 1), ("nul", 0, 1, 1), ("-", 1, 1, 2), ("1.", 2, 1, 3),
        ("1e+", 3, 1, 4),
        ("1e400", 0, 1, 1), ("[-1e999]", 1, 1, 2),
    ])
    func faultsHaveTheirPlace(text: String, offset: Int, line: Int, column: Int) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.offset == offset)
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test func bytesThatAreNotUTF8AreRefused() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82], [0xFF, 0xFE, 0x22, 0x00],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
        ] {
            #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
        }
    }

    @Test func depthIsBoundedAndCostsNoStack() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: JSONError.self) { try JSON(parsing: nested(513)) }
        _ = try JSON(parsing: nested(512))
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 1 << 20)) }
    }

    /// Any value that is written is read again as it was, in each form.
    @Test func whatIsWrittenIsReadAgain() throws {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<300 {
            let value = Self.value(depth: 0, &random)
            #expect(try JSON(parsing: value.text) == value)
            #expect(try JSON(parsing: value.prettyText) == value)
            let canonical = try JSON(parsing: value.canonicalBytes)
            #expect(canonical.canonicalBytes == value.canonicalBytes)
        }
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 4 ? 6 : 8), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int.random(in: Int.min...Int.max, using: &random))
        case 3: return .double(Double.random(in: -1e9...1e9, using: &random))
        case 4, 5:
            return .string(String(String.UnicodeScalarView((0..<Int.random(in: 0..<12, using: &random)).compactMap { _ in scalar(&random) })))
        case 6: return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth + 1, &random) })
        default:
            return .object(
                JSONObject((0..<Int.random(in: 0..<20, using: &random)).map { .init(key: "k\($0)", value: value(depth: depth + 1, &random)) }))
        }
    }

    private static func scalar(_ random: inout SeededGenerator) -> Unicode.Scalar? {
        let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF]
        return Unicode.Scalar(UInt32.random(in: ranges[Int.random(in: 0..<4, using: &random)], using: &random))
    }

    @Test func numbersOfTextAreCheckedOnce() {
        for text in ["1", "-0", "1.5e-7", "123456789012345678901234567890"] { #expect(JSONNumber(text)?.text == text) }
        for text in ["", " 1", "1 ", "01", "+1", "0x1", "1.", "nan", "1 2", "\n1"] { #expect(JSONNumber(text) == nil) }
        #expect(JSONNumber(Double.infinity) == nil)
    }
}

/// SplitMix64: the same values in each run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
