import Diagnostics
import JSON
import LaunchPlan

/// A value that fits its key's type.
enum CheckedValue: Sendable {
    case bool(Bool)
    case integer(Int)
    /// In millionths.
    case decimal(Int)
    case milliseconds(Int)
    case bytes(Int)
    case text(String)
    /// The place in the plan, and what the user wrote.
    case path(PlanPath, written: String)
    case url(BaseURL)
    case secret(SecretChoice)
    /// Ascending.
    case processors([Int])
    case names([PlacedName])
    case texts([String])
    case arguments([String])
    case variables([String: PlanValue])
    case members(JSON)
    case section(Section)
    case list([Section])
    case named(NamedSections)
    /// `none` for a probe.
    case none
}

/// A name of a list, and where it stands.
struct PlacedName: Sendable {
    var text: String
    var span: SourceSpan
}

/// A key of a backend or the proxy: there is one, or its absence was said.
enum SecretChoice: Sendable, Equatable {
    case none
    case reference(SecretReference)

    var reference: SecretReference? { if case .reference(let reference) = self { reference } else { nil } }
}

enum ProbeChoice: Sendable {
    case none
    case section(Section)
}

/// Where a value came from.
enum Origin: Sendable, Equatable {
    case file(SourceSpan)
    case flag(String)
    case variable(String)
    case defaultValue

    var span: SourceSpan? { if case .file(let span) = self { span } else { nil } }

    /// `FILE:LINE:COLUMN`, `--flag`, `$VARIABLE` or `default`.
    func text(_ sources: SourceMap) -> String {
        switch self {
        case .file(let span): sources.place(of: span)
        case .flag(let flag): flag
        case .variable(let name): "$\(name)"
        case .defaultValue: Provenance.Input.defaultSource
        }
    }
}

struct Checked: Sendable {
    var value: CheckedValue
    var origin: Origin
    /// The key's own place, for findings that are about the key.
    var keySpan: SourceSpan?
}

/// A mapping whose keys were checked against a scope.
struct Section: Sendable {
    let scope: Scope
    /// By canonical name; only what was given.
    private(set) var fields: [String: Checked] = [:]
    /// Keys whose values were reported as wrong: they are neither absent nor usable.
    private(set) var faulty: Set<String> = []
    /// Nil for a section that the file does not have.
    let span: SourceSpan?

    init(_ scope: Scope, span: SourceSpan? = nil) {
        self.scope = scope
        self.span = span
    }

    mutating func set(_ name: String, _ value: Checked) { fields[name] = value }
    mutating func setFaulty(_ name: String) { faulty.insert(name) }

    /// The value given.
    subscript<Value>(_ key: Key<Value>) -> Value? { fields[key.name].flatMap { key.read($0.value) } }
    /// The value given, or the default.
    subscript<Value>(_ key: DefaultedKey<Value>) -> Value { self[key.key] ?? key.defaultValue }

    func field(_ key: some TableKey) -> Checked? { fields[key.name] }
    func has(_ key: some TableKey) -> Bool { fields[key.name] != nil }
    func isFaulty(_ key: some TableKey) -> Bool { faulty.contains(key.name) }
    func origin(of key: some TableKey) -> Origin { fields[key.name]?.origin ?? .defaultValue }
    func span(of key: some TableKey) -> SourceSpan? { fields[key.name]?.origin.span }
}

/// Sections by name, in the order of the file.
struct NamedSections: Sendable {
    struct Element: Sendable {
        var name: String
        var nameSpan: SourceSpan?
        var section: Section
    }
    var elements: [Element] = []
    /// Names whose sections were reported as wrong.
    var broken: Set<String> = []

    subscript(name: String) -> Section? {
        get { elements.first { $0.name == name }?.section }
        set {
            guard let newValue else { return elements.removeAll { $0.name == name } }
            if let index = elements.firstIndex(where: { $0.name == name }) {
                elements[index].section = newValue
            } else {
                elements.append(Element(name: name, nameSpan: nil, section: newValue))
            }
        }
    }
}
