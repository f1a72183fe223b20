import JSON
import Testing

@Suite struct JSONCodableTests {
    struct Sample: Codable, Equatable {
        enum Kind: Codable, Equatable {
            case plain
            case named(name: String, size: Int)
        }
        var text: String
        var number: Int?
        var list: [Double]
        var map: [String: Bool]
        var kind: Kind
        var free: JSON
    }

    /// Copying what is there for each new member would take minutes.
    @Test(.timeLimit(.minutes(1))) func largeListsAndMappingsAreEncodedOnce() throws {
        let names = (0..<300_000).map { "name-\($0)" }
        #expect(try JSON(encoding: names).arrayValue?.count == names.count)
        #expect(try JSON(encoding: Dictionary(uniqueKeysWithValues: names.map { ($0, 1) })).objectValue?.count == names.count)
    }

    @Test func typesGoThereAndBack() throws {
        let sample = Sample(
            text: "é", number: nil, list: [1, 2.5], map: ["b": true, "a": false], kind: .named(name: "x", size: 3),
            free: ["z": [1, 1.5, nil], "a": "b"])
        let value = try JSON(encoding: sample)
        #expect(value["number"] == nil)
        #expect(value["list"] == [1, 2.5])
        #expect(value["kind"] == ["named": ["name": "x", "size": 3]])
        #expect(value["free"]?.text == "{\"z\":[1,1.5,null],\"a\":\"b\"}")
        #expect(try value.decode(Sample.self) == sample)
        #expect(try JSON(parsing: value.canonicalBytes).decode(Sample.self) == sample)
    }

    @Test func theErrorNamesThePlace() throws {
        struct Outer: Codable {
            struct Inner: Codable { var port: Int }
            var list: [Inner]
        }
        let wrong = #expect(throws: JSONDecodingError.self) { try (["list": [["port": 1], ["port": "x"]]] as JSON).decode(Outer.self) }
        #expect(wrong?.description == "/list/1/port: expected an integer, found a string")
        let missing = #expect(throws: JSONDecodingError.self) { try (["list": [[:]]] as JSON).decode(Outer.self) }
        #expect(missing?.description == "/list/0: `port` is missing")
        let large = #expect(throws: JSONDecodingError.self) { try (300 as JSON).decode(UInt8.self) }
        #expect(large?.message.contains("0...255") == true)
    }

    @Test func membersAreNamedEvenWithSlashes() {
        let error = #expect(throws: JSONDecodingError.self) { try (["a/b~": ["x"]] as JSON).decode([String: [Int]].self) }
        #expect(error?.path == "/a~1b~0/0")
    }
}
