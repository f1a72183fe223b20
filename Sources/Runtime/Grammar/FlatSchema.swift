import JSON

/// What one schema, without alternatives and references, demands of a value.
struct FlatSchema: Sendable {
    /// nil: of any type.
    var types: Set<String>?
    var choices: [JSON]?
    var leastLength = 0
    var mostLength: Int?
    var bounds = NumberBounds()
    var prefixItems: [JSON] = []
    /// nil: anything.
    var items: JSON?
    var leastItems = 0
    var mostItems: Int?
    var properties: [(name: String, schema: JSON)] = []
    /// Whether `properties` stands there, be it empty.
    var declaresProperties = false
    var required: [String] = []
    /// nil: nothing is said of others.
    var additional: JSON?
    var names: JSON?
    /// Names of other properties are bound by patterns, which a grammar has not.
    var hasPatterns = false
    /// A type that the other keywords speak of, where there is no `type`.
    var hints: Set<String> = []

    static let allTypes: Set<String> = ["array", "boolean", "integer", "null", "number", "object", "string"]

    /// Keywords that say nothing about which values there are.
    static let remarks: Set<String> = [
        "$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "$vocabulary", "title", "description", "default", "examples", "example",
        "readOnly", "writeOnly", "deprecated", "nullable", "strict",
    ]

    /// - Parameter dropped: is told of keywords that no grammar has.
    init(_ schema: JSONObject, place: String, dropped: inout Set<String>) throws(GrammarError) {
        for member in schema {
            switch member.key {
            case "type": types = try Self.types(member.value, place)
            case "enum":
                guard let values = member.value.arrayValue else { throw GrammarError("must be a list", at: place + "/enum") }
                choices = values
            case "const": choices = [member.value]
            case "minLength": (leastLength, hints) = (try Self.count(member, place), hints.union(["string"]))
            case "maxLength": (mostLength, hints) = (try Self.count(member, place), hints.union(["string"]))
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum": try addBound(member, schema, place)
            case "prefixItems": try addPrefix(member.value, place + "/prefixItems")
            case "items":
                hints.insert("array")
                if member.value.arrayValue != nil { try addPrefix(member.value, place + "/items") } else { items = member.value }
            case "additionalItems": if schema["items"]?.arrayValue != nil { items = member.value }
            case "minItems": (leastItems, hints) = (try Self.count(member, place), hints.union(["array"]))
            case "maxItems": (mostItems, hints) = (try Self.count(member, place), hints.union(["array"]))
            case "properties":
                guard let members = member.value.objectValue else { throw GrammarError("must be an object", at: place + "/properties") }
                properties = members.map { ($0.key, $0.value) }
                declaresProperties = true
                hints.insert("object")
            case "required":
                // Draft 3 has a flag here.
                if member.value.boolValue != nil { continue }
                guard let list = member.value.arrayValue, list.allSatisfy({ $0.stringValue != nil }) else {
                    throw GrammarError("must be a list of names", at: place + "/required")
                }
                required = list.compactMap(\.stringValue)
                hints.insert("object")
            case "additionalProperties": (additional, hints) = (member.value, hints.union(["object"]))
            case "propertyNames": (names, hints) = (member.value, hints.union(["object"]))
            case "patternProperties": (hasPatterns, hints) = (true, hints.union(["object"]))
            case _ where Self.remarks.contains(member.key) || member.key.hasPrefix("x-"): break
            default: dropped.insert(member.key)
            }
        }
        if hasPatterns { dropped.insert("patternProperties") }
        // OpenAPI 3.0.
        if schema["nullable"] == true { types?.insert("null") }
    }

    private static func types(_ value: JSON, _ place: String) throws(GrammarError) -> Set<String> {
        let names = value.stringValue.map { [$0] } ?? value.arrayValue?.compactMap(\.stringValue)
        guard let names, !names.isEmpty, names.count == value.arrayValue?.count ?? 1 else {
            throw GrammarError("must be a type or a list of types", at: place + "/type")
        }
        if let unknown = names.first(where: { !allTypes.contains($0) }) {
            throw GrammarError("`\(unknown.prefix(80))` is no type", at: place + "/type")
        }
        return Set(names)
    }

    private static func count(_ member: JSONObject.Member, _ place: String) throws(GrammarError) -> Int {
        guard let number = member.value.doubleValue, number >= 0, number == number.rounded(), number < 1e15 else {
            throw GrammarError("must be a number of things", at: place + "/" + member.key)
        }
        return Int(number)
    }

    private mutating func addBound(_ member: JSONObject.Member, _ schema: JSONObject, _ place: String) throws(GrammarError) {
        // In draft 4 the exclusive forms are flags beside the others.
        if member.key.hasPrefix("exclusive"), member.value.boolValue != nil { return }
        guard let number = member.value.doubleValue, number.isFinite else { throw GrammarError("must be a number", at: place + "/" + member.key) }
        hints.insert("number")
        let bound =
            switch member.key {
            case "minimum": NumberBounds(low: number, excludesLow: schema["exclusiveMinimum"] == true)
            case "maximum": NumberBounds(high: number, excludesHigh: schema["exclusiveMaximum"] == true)
            case "exclusiveMinimum": NumberBounds(low: number, excludesLow: true)
            default: NumberBounds(high: number, excludesHigh: true)
            }
        bounds = bounds.narrowed(by: bound)
    }

    private mutating func addPrefix(_ value: JSON, _ place: String) throws(GrammarError) {
        guard let list = value.arrayValue, list.count <= 1000 else { throw GrammarError("must be a list of at most 1000 schemas", at: place) }
        prefixItems = list
        hints.insert("array")
    }
}
