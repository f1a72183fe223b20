import JSON
import Testing

@Suite struct JSONRecallingTests {
    private struct Memory: JSONMemory {
        var known: [String: [(text: [UInt8], value: JSON)]] = [:]
        var recalled: [String] = []
        /// Lists of the members that only grow.
        var beginnings: [String: (text: [UInt8], ends: [Int], elements: [JSON])] = [:]
        var growing: Set<String> = []

        mutating func recall(_ key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (value: JSON, length: Int)? {
            guard !growing.contains(key), let found = known[key]?.first(where: { rest.starts(with: $0.text) }) else { return nil }
            recalled.append(key)
            return (found.value, found.text.count)
        }

        mutating func recallBeginning(of key: String, _ rest: UnsafeBufferPointer<UInt8>) -> (elements: [JSON], ends: [Int])? {
            guard let beginning = beginnings[key] else { return nil }
            let last = beginning.ends.indices.last { index in
                let text = beginning.text[..<beginning.ends[index]]
                // A number shows no end of its own.
                return rest.starts(with: text) && text.last != UInt8(ascii: "3") && text.last != UInt8(ascii: "l")
            }
            guard let last else { return nil }
            recalled.append("\(key) \(last + 1)")
            return (Array(beginning.elements[...last]), Array(beginning.ends[...last]))
        }

        mutating func learn(_ key: String, _ text: UnsafeBufferPointer<UInt8>, _ value: JSON, ends: [Int]) {
            known[key, default: []].append((Array(text), value))
            if growing.contains(key), let elements = value.arrayValue { beginnings[key] = (Array(text), ends, elements) }
        }
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

    /// A list that grows is read from its first new element on.
    @Test func theBeginningOfAListIsRecalled() throws {
        var memory = Memory()
        memory.growing = ["m"]
        let texts = [
            #"{"x":0,"m":[{"a":[1]}]}"#, #"{"m":[{"a":[1]},"two" , 3,null,[4]]}"#,
            #"{"m":[{"a":[1]},"two" , 3,null,[4],{"b":{"m":[5]}}],"y":{"m":[1]}}"#,
            #"{"m":[{"a":[1]},"two" , 3,null,[5]]}"#, #"{"m":[{"a":[2]}]}"#, #"{"m":[]}"#, #"{"m":{"a":1}}"#, #"{"m":[{"a":[2]}]}"#,
        ]
        for text in texts { #expect(try Self.parse(text, &memory) == JSON(parsing: text), "\(text)") }
        #expect(memory.recalled == ["m 1", "m 5", "m 2"], "\(memory.recalled)")
        #expect(throws: JSONError.self) { try Self.parse(#"{"m":[{"a":[2]}}"#, &memory) }
        #expect(throws: JSONError.self) { try Self.parse(#"{"m":[{"a":[2]} {"#, &memory) }
        #expect(try Self.parse(#"{"m":[{"a":[2]}  ,  1]}"#, &memory) == ["m": [["a": [2]], 1]])
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
