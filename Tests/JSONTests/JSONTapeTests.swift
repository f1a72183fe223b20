import FoundationEssentials
import JSON
import Testing

@Suite struct JSONTapeTests {
    private func tape(_ text: String, values: Int = 1000, keyBytes: Int = 64, stringBytes: Int = 256) throws -> Result<JSONTape, JSONTape.Excess> {
        try Array(text.utf8).withUnsafeBufferPointer {
            try JSONTape.parse($0, maximumDepth: 16, limits: .init(values: values, keyBytes: keyBytes, stringBytes: stringBytes))
        }
    }

    private func mayRepeatKeys(_ text: String) throws -> Bool {
        let tape = try tape(text).get()
        return Array(text.utf8).withUnsafeBufferPointer { tape.mayRepeatKeys(in: $0) }
    }

    /// A tape says what the value says, and each of its values stands where it was written.
    @Test(arguments: [
        "null", "true", " false ", "-0", "0", "12345678901234567", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.50",
        "1e2", "\"\"", "\"a\\u00e9\\n\\ud834\\udd1e/\\\"\\\\\"", "\"日本\"", "[]", "{}", "[[],{},[{}]]",
        "{\"b\": [1, -0, 1.50, 1e2, null, true], \"a\": {\"c\\t\": \"x\", \"日\": []}, \"b\": 2}", "\u{FEFF}[1]",
    ])
    func tapesSayWhatValuesSay(text: String) throws {
        let bytes = Array(text.utf8)
        let tape = try tape(text).get()
        try bytes.withUnsafeBufferPointer { buffer in
            let root = tape.root(in: buffer)
            #expect(root.json.text == (try JSON(parsing: text)).text)
            try expectPlaces(root, bytes)
        }
    }

    /// The text at a value's place, parsed by itself, is the value.
    private func expectPlaces(_ value: JSONTape.Value, _ bytes: [UInt8]) throws {
        #expect(try JSON(parsing: Array(bytes[value.range])).text == value.json.text)
        switch value.kind {
        case .array:
            var elements: [JSONTape.Value] = []
            value.forEachElement { elements.append($0) }
            #expect(elements.count == value.count)
            for element in elements { try expectPlaces(element, bytes) }
        case .object:
            var members: [(String, Range<Int>, JSONTape.Value)] = []
            value.forEachMember { members.append(($0, $1, $2)) }
            #expect(members.count == value.count)
            for (key, range, member) in members {
                #expect(try JSON(parsing: Array(bytes[range])) == .string(key))
                try expectPlaces(member, bytes)
            }
        default: break
        }
    }

    @Test func aRepeatedKeyIsSeenAtAnyDepthAndInAnySize() throws {
        func object(_ keys: [String]) -> String { "{" + keys.map { "\"\($0)\":{\"\($0)\":1}" }.joined(separator: ",") + "}" }
        for count in [1, 2, 3, 16, 17, 100] {
            let keys = (0..<count).map { "key-\($0)-of-some-length" }
            #expect(try !mayRepeatKeys(object(keys)))
            #expect(try mayRepeatKeys(object(keys + [keys[count / 2]])))
            #expect(try mayRepeatKeys("[[{\"x\":[\(object(keys)),\(object(keys + [keys[0]]))]}]]"))
        }
        // The same key in mappings beside and inside each other is no repetition.
        #expect(try !mayRepeatKeys("[{\"a\":{\"a\":1}},{\"a\":2}]"))
        #expect(try !mayRepeatKeys("{\"ab\":1,\"a\":2,\"b\":3,\"\":4,\"abcdefgh\":5,\"abcdefghi\":6,\"bcdefghi\":7}"))
    }

    /// Equal texts may be written in several ways: those are looked at by who knows texts.
    @Test func keysThatAreNotPlainAreNotVouchedFor() throws {
        #expect(try mayRepeatKeys("{\"a\":1,\"\\u0061\":2}"))
        #expect(try mayRepeatKeys("{\"\u{E9}\":1,\"e\u{301}\":2}"))
    }

    @Test func theFirstExcessIsToldWithItsPlace() throws {
        func excess(_ text: String, values: Int = 1000) throws -> JSONTape.Excess? {
            if case .failure(let excess) = try tape(text, values: values, keyBytes: 4, stringBytes: 6) { excess } else { nil }
        }
        #expect(try excess("[1,2,3]", values: 4) == nil)
        #expect(try excess("[1,2,3]", values: 3) == .values(0..<7))
        #expect(try excess("[1,[2],3]", values: 3) == .values(7..<8))
        #expect(try excess("{\"abcd\":\"abcdef\"}") == nil)
        #expect(try excess("{\"abcde\":\"abcdefg\"}") == .keyBytes(1..<8))
        #expect(try excess("{\"abcd\":\"abcdefg\"}") == .stringBytes(8..<17))
        // What counts is the text, not how it is written.
        #expect(try excess("[\"\\u0061\\u0061\\u0061\"]") == nil)
        // A fault of the syntax goes before.
        #expect(throws: JSONError.self) { try excess("{\"abcde\":1,}") }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["ANYCLAUDE_SHARED"] != nil, "ANYCLAUDE_SHARED is not set"))
    func theSuiteIsReadAsByValues() throws {
        let folder = URL(fileURLWithPath: try #require(ProcessInfo.processInfo.environment["ANYCLAUDE_SHARED"])).appendingPathComponent(
            "data/json-test-suite/test_parsing")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
            let value = try? JSON(parsing: bytes, maximumDepth: 600)
            let tape = bytes.withUnsafeBufferPointer { buffer in
                try? JSONTape.parse(buffer, maximumDepth: 600, limits: .init(values: 1 << 20, keyBytes: 1 << 20, stringBytes: 1 << 20)).get()
                    .root(in: buffer).json
            }
            #expect(value?.text == tape?.text, "\(name)")
        }
    }
}
