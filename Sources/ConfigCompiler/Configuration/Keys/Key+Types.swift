import JSON
import LaunchPlan

extension Key where Value == Bool {
    static func boolean(_ name: String, default value: Bool, _ doc: String) -> DefaultedKey<Bool> {
        let key = Key(spec: KeySpec(name: name, type: .boolean, doc: doc)) { if case .bool(let value) = $0 { value } else { nil } }
        return DefaultedKey(key, value, .bool(value))
    }

    /// One whose absence is neither.
    static func flag(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .boolean, doc: doc)) { if case .bool(let value) = $0 { value } else { nil } }
    }
}

extension Key where Value == Int {
    private static func number(_ name: String, _ type: ValueType, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: type, doc: doc)) {
            switch $0 {
            case .integer(let value), .milliseconds(let value), .bytes(let value): value
            default: nil
            }
        }
    }

    static func integer(_ name: String, _ range: ClosedRange<Int>, _ doc: String) -> Key { number(name, .integer(range), doc) }
    static func integer(_ name: String, _ range: ClosedRange<Int>, default value: Int, _ doc: String) -> DefaultedKey<Int> {
        DefaultedKey(integer(name, range, doc), value, .integer(value))
    }
    static func port(_ name: String, _ doc: String) -> Key { integer(name, 1...65_535, doc) }
    static func port(_ name: String, default value: Int, _ doc: String) -> DefaultedKey<Int> { integer(name, 1...65_535, default: value, doc) }
    static func duration(_ name: String, _ range: ClosedRange<Int> = 1...86_400_000, _ doc: String) -> Key { number(name, .duration(range), doc) }
    /// - Parameter value: in milliseconds.
    static func duration(_ name: String, _ range: ClosedRange<Int> = 1...86_400_000, default value: Int, _ doc: String) -> DefaultedKey<Int> {
        DefaultedKey(duration(name, range, doc), value, .milliseconds(value))
    }
    static func milliseconds(_ name: String, _ range: ClosedRange<Int>, _ doc: String) -> Key { number(name, .milliseconds(range), doc) }
    static func size(_ name: String, _ range: ClosedRange<Int>, _ doc: String) -> Key { number(name, .size(range), doc) }
    static func size(_ name: String, _ range: ClosedRange<Int>, default value: Int, _ doc: String) -> DefaultedKey<Int> {
        DefaultedKey(size(name, range, doc), value, .bytes(value))
    }
}

/// A decimal fraction, as its canonical text.
struct DecimalText: Sendable, Equatable {
    var text: String
}

extension Key where Value == DecimalText {
    /// - Parameter range: in millionths.
    static func decimal(_ name: String, _ range: ClosedRange<Int>, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .decimal(range), doc: doc)) {
            if case .decimal(let value) = $0 { DecimalText(text: Decimals.text(value)) } else { nil }
        }
    }
}

extension Key where Value == String {
    private static func text(_ name: String, _ type: ValueType, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: type, doc: doc)) { if case .text(let value) = $0 { value } else { nil } }
    }

    static func string(_ name: String, _ doc: String) -> Key { text(name, .string, doc) }
    static func prose(_ name: String, _ doc: String) -> Key { text(name, .prose, doc) }
    static func name(_ name: String, _ doc: String) -> Key { text(name, .name, doc) }
    static func name(_ name: String, default value: String, _ doc: String) -> DefaultedKey<String> {
        DefaultedKey(text(name, .name, doc), value, .text(value))
    }
    static func host(_ name: String, _ doc: String) -> Key { text(name, .host, doc) }
    static func host(_ name: String, default value: String, _ doc: String) -> DefaultedKey<String> {
        DefaultedKey(text(name, .host, doc), value, .text(value))
    }
    static func httpPath(_ name: String, _ doc: String) -> Key { text(name, .httpPath, doc) }
}

extension Key where Value: RawRepresentable, Value.RawValue == String {
    static func choice(_ name: String, _ choices: [Choice], _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .choice(choices), doc: doc)) { if case .text(let text) = $0 { Value(rawValue: text) } else { nil } }
    }
    static func choice(_ name: String, default value: Value, _ choices: [Choice], _ doc: String) -> DefaultedKey<Value> {
        DefaultedKey(choice(name, choices, doc), value, .text(value.rawValue))
    }
}

extension Key where Value == PlanPath {
    static func path(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .path, doc: doc)) { if case .path(let path, _) = $0 { path } else { nil } }
    }
}

extension Key where Value == BaseURL {
    static func url(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .url, doc: doc)) { if case .url(let url) = $0 { url } else { nil } }
    }
}

extension Key where Value == SecretChoice {
    static func secret(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .secret, doc: doc)) { if case .secret(let secret) = $0 { secret } else { nil } }
    }
}

extension Key where Value == [String] {
    static func texts(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .texts, doc: doc)) { if case .texts(let list) = $0 { list } else { nil } }
    }
    static func arguments(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .arguments, doc: doc)) { if case .arguments(let list) = $0 { list } else { nil } }
    }
}

extension Key where Value == [Int] {
    static func processors(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .processors, doc: doc)) { if case .processors(let numbers) = $0 { numbers } else { nil } }
    }
}

extension Key where Value == [PlacedName] {
    static func names(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .names, doc: doc)) { if case .names(let names) = $0 { names } else { nil } }
    }
}

extension Key where Value == [String: PlanValue] {
    static func variables(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .variables, doc: doc)) { if case .variables(let values) = $0 { values } else { nil } }
    }
}

extension Key where Value == Section {
    static func section(_ name: String, _ scope: Scope, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .section(scope), doc: doc)) { if case .section(let section) = $0 { section } else { nil } }
    }
}

extension Key where Value == [Section] {
    static func list(_ name: String, _ scope: Scope, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .list(scope), doc: doc)) { if case .list(let sections) = $0 { sections } else { nil } }
    }
}

extension Key where Value == NamedSections {
    static func named(_ name: String, _ scope: Scope, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .named(scope), doc: doc)) { if case .named(let sections) = $0 { sections } else { nil } }
    }
}

extension Key where Value == ProbeChoice {
    static func probe(_ name: String, _ scope: Scope, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .optional(scope), doc: doc)) {
            switch $0 {
            case .none: ProbeChoice.none
            case .section(let section): .section(section)
            default: nil
            }
        }
    }
}

extension Key where Value == JSON {
    static func members(_ name: String, _ doc: String) -> Key {
        Key(spec: KeySpec(name: name, type: .members, doc: doc)) { if case .members(let json) = $0 { json } else { nil } }
    }

    /// A key of the earlier tool that changes nothing here.
    static func unused(_ name: String, inert: [JSON] = [], _ reason: String) -> Key {
        var spec = KeySpec(name: name, type: .anything, doc: "Not used: \(reason).")
        spec.unused = .init(reason: reason, inert: inert)
        return Key(spec: spec) { _ in nil }
    }

    static func files(_ name: String, _ doc: String) -> Key { Key(spec: KeySpec(name: name, type: .files, doc: doc)) { _ in nil } }

    /// A key that says something to people or editors only.
    static func remark(_ name: String, _ doc: String) -> Key { Key(spec: KeySpec(name: name, type: .anything, doc: doc)) { _ in nil } }
}
