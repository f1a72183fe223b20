import JSON
import Testing

@Suite struct JSONRecallingTests {
    private struct Memory: JSONMemory {
        var known: [String: [(text: [UInt8], value: JSON)]] = [:]
        var recalled: [String] = []

        mutating func recall(_ key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (value: JSON, length: Int)? {
            guard let found = known[key]?.first(where: { rest.starts(with: $0.text) }) else { return nil }
            recalled.append(key)
            return (found.value, found.text.count)
        }

        mutating func learn(_ key: String, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON) { known[key, default: []].append((Array(text), value)) }
    }

    private static func parse(_ text: String, _ memory: inout Memory) throws(JSONError) -> JSON {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in try JSON(parsing: buffer, recalling: &memory) }
    }

    @Test(
        arguments: [
            #"{"a":[1,{"b":[2]}],"s":"x\"y","n":12,"o":{"a":[9]},"t":true}"#, "{}", "[1,[2]]", "7", #"{"a" : [ ] , "a":{"c":null}}"#,
            #"{"a":[1],"b":[[1],[2,{"a":"s"}]]}"#,
        ])
    func theValueIsThatOfAPlainParse(text: String) throws {
        var memory = Memory()
        let plain = try JSON(parsing: text)
        #expect(try Self.parse(text, &memory) == plain)
        let learned = memory.known
        #expect(try Self.parse(text, &memory) == plain)
        // The second time all that was learned is recalled, and nothing is learned anew.
        #expect(memory.known.mapValues(\.count) == learned.mapValues(\.count))
        #expect(memory.recalled.count == learned.values.reduce(0) { $0 + $1.count })
    }

    @Test func membersOfTheOutermostObjectAlone() throws {
        var memory = Memory()
        _ = try Self.parse(#"{"a":{"a":[1]},"b":"text","c":1.5,"d":[{"a":2}]}"#, &memory)
        #expect(
            memory.known.mapValues { $0.map { String(decoding: $0.text, as: UTF8.self) } } == [
                "a": [#"{"a":[1]}"#], "b": [#""text""#], "d": [#"[{"a":2}]"#],
            ])
    }

    @Test func whatFollowsARecalledValueIsChecked() throws {
        var memory = Memory()
        _ = try Self.parse(#"{"a":[1]}"#, &memory)
        #expect(throws: JSONError.self) { try Self.parse(#"{"a":[1]]"#, &memory) }
        #expect(throws: JSONError.self) { try Self.parse(#"{"a":[1]"#, &memory) }
        #expect(try Self.parse(#"{"a":[1],"b":2}"#, &memory) == ["a": [1], "b": 2])
        #expect(try Self.parse(#"{"a":[1,2]}"#, &memory) == ["a": [1, 2]])
    }
}
