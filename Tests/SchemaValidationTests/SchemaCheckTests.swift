import JSON
import SchemaValidation
import Testing

@Suite struct SchemaCheckTests {
    /// A schema, a value that fits it, and one that does not: one row for each keyword and each of its borders.
    typealias Row = (schema: JSON, good: [JSON], bad: [JSON])
    static let rows: [Row] = values + lists + mappings + combinations

    private static let values: [Row] = [
        (["type": "integer"], [1, -3, 2.0, thousand], [1.5, "1", true, nil]),
        (["type": "number"], [1, 1.5], ["1", nil]),
        (["type": "boolean"], [true], [0, "true"]),
        (["type": "null"], [nil], [false, ""]),
        (["type": ["object", "null"]], [[:], nil], [[], ""]),
        (["enum": ["a", 1, nil]], ["a", 1, 1.0, nil], ["b", true]),
        (["const": "none"], ["none"], ["None", nil]),
        (["minimum": 1, "maximum": 3], [1, 3, "x"], [0, 4, 0.999]),
        (["exclusiveMinimum": 1, "exclusiveMaximum": 3], [2, 1.5], [1, 3]),
        (["minLength": 1, "maxLength": 2], ["ü", "🦊🦊", 5], ["", "abc"]),
        (["pattern": "^a+$"], ["a", "aaa", 7], ["", "ba", "a\n"]),
        (["pattern": "b"], ["abc"], ["ac"]),
        (["pattern": "^(?!~[^/])[^\\u0000]+$"], ["~", "~/a", "x~y"], ["~a", "a\u{0}", ""]),
    ]

    private static let lists: [Row] = [
        (["items": ["type": "string"]], [[], ["a"], "x"], [[1]]),
        (["items": [["type": "string"]], "additionalItems": ["type": "integer"]], [[], ["a"], ["a", 1, 2]], [[1], ["a", "b"]]),
        (["items": [["type": "string"]], "additionalItems": false], [["a"]], [["a", "b"]]),
        (["minItems": 1, "maxItems": 2, "uniqueItems": true], [[1], [1, 2]], [[], [1, 2, 3], [1, 1]]),
        (["contains": ["const": 3]], [[1, 3]], [[], [1]]),
    ]

    private static let mappings: [Row] = [
        (["properties": ["a": ["type": "integer"]], "required": ["a"]], [["a": 1], ["a": 1, "b": "x"], 3], [[:], ["a": "1"]]),
        (["properties": ["a": true], "additionalProperties": false], [["a": 1], [:]], [["b": 1]]),
        (["additionalProperties": ["type": "integer"]], [["x": 1]], [["x": "1"]]),
        (
            ["patternProperties": ["^//": true, "^[a-z]+$": ["type": "integer"]], "additionalProperties": false], [["// x": "y", "a": 1]], [["A": 1]]
        ),
        // A name that fits two patterns must fit both schemas.
        (["patternProperties": ["a": ["minimum": 2], "b": ["maximum": 4]]], [["ab": 3], ["a": 9]], [["ab": 5], ["ab": 1]]),
        (["propertyNames": ["maxLength": 2]], [["ab": 1]], [["abc": 1]]),
        (["minProperties": 1, "maxProperties": 1], [["a": 1]], [[:], ["a": 1, "b": 2]]),
        (["dependencies": ["a": ["b"], "c": ["maxProperties": 1]]], [["b": 1], ["a": 1, "b": 1], ["c": 1]], [["a": 1], ["c": 1, "b": 1]]),
    ]

    private static let combinations: [Row] = [
        (["allOf": [["minimum": 1], ["maximum": 3]]], [2], [0, 4]),
        (["anyOf": [["type": "string"], ["minimum": 3]]], ["x", 3], [2]),
        (["oneOf": [["minimum": 2], ["maximum": 4]]], [1, 5], [3]),
        (["not": ["type": "null"]], [1], [nil]),
        (["not": [:]], [], [1, nil]),
        (["if": ["type": "string"], "then": ["minLength": 2], "else": ["minimum": 5]], ["ab", 5], ["a", 4]),
        (["if": ["type": "string"], "then": ["minLength": 2]], ["ab", 4], ["a"]),
        (["$ref": "#/definitions/a~1b", "definitions": ["a/b": ["type": "integer"]]], [1], ["x"]),
        (true, [1, nil], []),
        (false, [], [1, nil]),
    ]
    private static let thousand: JSON = JSONNumber("1e3").map { .number($0) } ?? nil

    @Test func everyKeywordAcceptsAndRefuses() {
        for row in Self.rows {
            let check = SchemaCheck(row.schema)
            for value in row.good { #expect(check.faults(of: value) == [], "\(row.schema.text) \(value.text)") }
            for value in row.bad { #expect(check.faults(of: value) != [], "\(row.schema.text) \(value.text)") }
        }
    }

    /// Every keyword that counts as checked stands in a row.
    @Test func everyKeywordHasARow() {
        let used = Set(Self.rows.flatMap { SchemaKeywords.all(in: $0.schema) }.flatMap { ($0.schema.objectValue?.members ?? []).map(\.key) })
        #expect(SchemaKeywords.checked.subtracting(used) == [])
    }

    @Test func integersBeyondDoublesAreComparedExactly() {
        #expect(SchemaCheck(["maximum": .integer(Int.max - 1)]).faults(of: .integer(Int.max)) != [])
        #expect(SchemaCheck(["maximum": .integer(Int.max)]).faults(of: .integer(Int.max)) == [])
    }

    @Test func faultsHaveTheirPlaces() {
        let schema: JSON = ["properties": ["a": ["items": ["properties": ["b": ["type": "string"]]]]]]
        #expect(SchemaCheck(schema).faults(of: ["a": [["b": "x"], ["b": 1]]]) == ["/a/1/b: not string"])
    }

    @Test func unknownKeywordsAreFound() {
        #expect(SchemaKeywords.unknown(in: ["properties": ["a/b": ["minimun": 1, "x-since": "1.0"]]]) == ["/properties/a~1b/minimun"])
    }
}
