import JSON

/// Makes rules of schemas. Each schema becomes one rule, however often it is named, so that schemas that name themselves end.
///
/// A value is written as Python's `json.dumps` writes it, which is what chat templates show models: on one line, with at most one space
/// after a comma or a colon. An object's members come in the order in which its schema declares them.
struct SchemaCompiler {
    var builder: GrammarBuilder
    /// Whether values stand in a notation of tags, which must not be in them.
    let avoidsTags: Bool
    private(set) var documents: [SchemaAlternatives] = []
    private var rules: [String: Grammar.RuleID] = [:]
    private var pending: [(rule: Grammar.RuleID, schema: JSON, document: Int, place: String)] = []

    /// Bytes of a schema.
    private static let largest = 1 << 18
    static let space = ByteSet([0x20])

    init(builder: GrammarBuilder, avoidsTags: Bool = false) {
        self.builder = builder
        self.avoidsTags = avoidsTags
    }

    /// Keywords that were left out of the grammar.
    var dropped: Set<String> { documents.reduce(into: []) { $0.formUnion($1.dropped) } }

    /// A document for references to look into.
    mutating func open(_ root: JSON) throws(GrammarError) -> Int {
        guard root.text.utf8.count <= Self.largest else { throw GrammarError("has more than \(Self.largest) bytes", at: "") }
        documents.append(SchemaAlternatives(root: root))
        return documents.count - 1
    }

    mutating func drop(_ keyword: String, _ document: Int) { documents[document].drop(keyword) }

    mutating func alternatives(of schema: JSON, _ document: Int, at place: String) throws(GrammarError) -> [FlatSchema] {
        try documents[document].alternatives(of: schema, at: place)
    }

    /// The rule of a schema, which `finish` defines.
    mutating func rule(_ schema: JSON, _ document: Int, at place: String) -> Grammar.RuleID {
        let key = "\(document) \(schema.text)"
        if let rule = rules[key] { return rule }
        let rule = builder.reserveRule()
        rules[key] = rule
        pending.append((rule, schema, document, place))
        return rule
    }

    /// Defines all rules that were asked for.
    mutating func finish() throws(GrammarError) {
        while let next = pending.popLast() {
            let alternatives = try alternatives(of: next.schema, next.document, at: next.place)
            let end = builder.end()
            var branches: [Grammar.NodeID] = []
            for alternative in alternatives { branches += try values(alternative, next.document, next.place, end) }
            builder.define(next.rule, builder.any(branches.isEmpty ? [builder.add(.dead)] : branches))
            if builder.isTooLarge { throw GrammarError("the schema is too large", at: next.place) }
        }
    }

    // MARK: Values

    /// The forms that a value of the schema may have.
    mutating func values(
        _ schema: FlatSchema, _ document: Int, _ place: String, except left: Set<String> = [], _ next: Grammar.NodeID
    ) throws(GrammarError) -> [Grammar.NodeID] {
        if let choices = schema.choices {
            let texts = choices.filter { schema.admits($0) && !left.contains(FlatSchema.type(of: $0)) }.map(literal)
            return texts.isEmpty ? [] : [builder.oneOf(texts, next)]
        }
        var types = schema.possibleTypes.subtracting(left)
        if types.contains("number") { types.remove("integer") }
        var branches: [Grammar.NodeID] = []
        // In an order of its own, so that a schema gives the same grammar each time.
        for type in types.sorted() {
            switch type {
            case "null": branches.append(builder.literal("null", next))
            case "boolean": branches += [builder.literal("true", next), builder.literal("false", next)]
            case "integer": branches.append(builder.integer(schema.bounds.integers, next))
            case "number": branches.append(number(schema, document, next))
            case "string": branches.append(builder.string(schema.leastLength, schema.mostLength, avoidsTags: avoidsTags, next))
            case "array": branches.append(array(schema, document, place, next))
            default: if let object = try object(schema, document, place, next) { branches.append(object) }
            }
        }
        return branches
    }

    private func literal(_ value: JSON) -> [UInt8] {
        // Only in strings is there a `<`.
        Array((avoidsTags ? value.text.replacing("</", with: "<\\/") : value.text).utf8)
    }

    private mutating func number(_ schema: FlatSchema, _ document: Int, _ next: Grammar.NodeID) -> Grammar.NodeID {
        let bounds = schema.bounds
        let isWritable = [bounds, bounds.mirrored].contains { $0.wholeIntervals != nil || $0.openInterval != nil } || bounds.integers != nil
        if isWritable { return builder.number(bounds, next) }
        // Between two integers: no digits are worked out for that.
        drop("minimum", document)
        return builder.number(NumberBounds(), next)
    }

    private mutating func array(_ schema: FlatSchema, _ document: Int, _ place: String, _ next: Grammar.NodeID) -> Grammar.NodeID {
        let close = builder.literal("]", next)
        let most = schema.mostItems ?? .max
        let prefix = schema.prefixItems.prefix(most)
        let items = rule(schema.items ?? true, document, at: place + "/items")
        func count(_ number: Int) -> Int32 { Int32(clamping: number) }
        if prefix.isEmpty {
            guard most > 0 else { return builder.literal("[", schema.leastItems == 0 ? close : builder.add(.dead)) }
            let rest = rest(of: items, count(schema.leastItems - 1), schema.mostItems.map { count($0 - 1) }, close)
            let first = builder.call(items, rest)
            return builder.literal("[", schema.leastItems == 0 ? builder.any([close, first]) : first)
        }
        var node =
            most <= prefix.count
            ? schema.leastItems <= prefix.count ? close : builder.add(.dead)
            : rest(of: items, count(schema.leastItems - prefix.count), schema.mostItems.map { count($0 - prefix.count) }, close)
        for (index, item) in prefix.enumerated().reversed() {
            var one = builder.call(rule(item, document, at: "\(place)/prefixItems/\(index)"), node)
            if index > 0 { one = builder.literal(",", builder.optional(Self.space, one)) }
            node = index >= schema.leastItems ? builder.any([close, one]) : one
        }
        return builder.literal("[", node)
    }

    private mutating func rest(of items: Grammar.RuleID, _ least: Int32, _ most: Int32?, _ close: Grammar.NodeID) -> Grammar.NodeID {
        let one = builder.reserveRule()
        let end = builder.end()
        builder.define(one, builder.literal(",", builder.optional(Self.space, builder.call(items, end))))
        return builder.add(.repeated(one, min: max(least, 0), max: most, next: close))
    }
}

extension FlatSchema {
    var possibleTypes: Set<String> { types ?? (hints.isEmpty ? Self.allTypes : hints) }

    static func type(of value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number(let number): number.double == number.double.rounded() ? "integer" : "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// Whether a choice is of the type and size that the other keywords demand.
    func admits(_ value: JSON) -> Bool {
        let type = Self.type(of: value)
        if let types, !types.contains(type), !(type == "integer" && types.contains("number")) { return false }
        if let text = value.stringValue {
            let count = text.unicodeScalars.count
            return count >= leastLength && count <= mostLength ?? .max
        }
        guard let number = value.doubleValue, !bounds.isNone else { return true }
        let aboveLow = bounds.low.map { bounds.excludesLow ? number > $0 : number >= $0 } ?? true
        let belowHigh = bounds.high.map { bounds.excludesHigh ? number < $0 : number <= $0 } ?? true
        return aboveLow && belowHigh
    }
}
