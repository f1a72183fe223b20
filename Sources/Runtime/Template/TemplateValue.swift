import JSON

/// A value as a template sees it: Python's types, as far as chat templates meet them.
enum TemplateValue {
    /// A name or member that is not there, with what to say when it is used.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    /// An integer beyond 64 bits, in digits.
    case largeInteger(String)
    case float(Double)
    case string(String)
    case list([TemplateValue])
    case tuple([TemplateValue])
    case dict(TemplateDict)
    case namespace(TemplateNamespace)
    case loop(TemplateLoop)
    case function(TemplateFunction)
}

/// A dictionary in its order. Keys are compared by value, texts by their code points.
struct TemplateDict {
    var members: [Member] = []

    struct Member {
        var key: TemplateValue
        var value: TemplateValue
    }

    subscript(key: TemplateValue) -> TemplateValue? { members.first { $0.key.equals(key) }?.value }
    subscript(key: String) -> TemplateValue? {
        for member in members {
            if case .string(let name) = member.key, name.utf8.elementsEqual(key.utf8) { return member.value }
        }
        return nil
    }

    mutating func set(_ key: TemplateValue, _ value: TemplateValue) {
        if let index = members.firstIndex(where: { $0.key.equals(key) }) {
            members[index].value = value
        } else {
            members.append(Member(key: key, value: value))
        }
    }
}

/// The one thing that a template can change from within a loop.
final class TemplateNamespace {
    var members: [String: TemplateValue] = [:]
}

/// What can be called.
enum TemplateFunction {
    case macro(TemplateSyntax.Macro, TemplateScope)
    case builtin(String)
    indirect case method(TemplateValue, String)
    /// Gives its separator on every call but the first.
    case joiner(TemplateTurn)
    /// An object whose `next` gives one item after the other.
    case cycler(TemplateTurn)
}

/// Items, and which of them is next.
final class TemplateTurn {
    let items: [TemplateValue]
    var index = 0

    init(_ items: [TemplateValue]) { self.items = items }
}

extension TemplateValue {
    init(_ json: JSON) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let number):
            let isInteger = number.text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
            self = !isInteger ? .float(number.double) : number.text == "-0" ? .integer(0) : .largeInteger(number.text)
        case .string(let value): self = .string(value)
        case .array(let elements): self = .list(elements.map(TemplateValue.init))
        case .object(let object):
            self = .dict(TemplateDict(members: object.members.map { TemplateDict.Member(key: .string($0.key), value: TemplateValue($0.value)) }))
        }
    }

    /// The type's name in messages, as Python calls it.
    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .none: "None"
        case .bool: "bool"
        case .integer, .largeInteger: "int"
        case .float: "float"
        case .string: "str"
        case .list: "list"
        case .tuple: "tuple"
        case .dict: "dict"
        case .namespace: "namespace"
        case .loop: "loop"
        case .function: "function"
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .float(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let elements), .tuple(let elements): !elements.isEmpty
        case .dict(let dict): !dict.members.isEmpty
        case .largeInteger, .namespace, .loop, .function: true
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }
    var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    /// As a number, where it is one; true is 1, as in Python.
    var number: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .largeInteger(let digits): Double(digits)
        case .float(let value): value
        default: nil
        }
    }

    var integer: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// Python's `==`.
    func equals(_ other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): true
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.dict(let left), .dict(let right)):
            left.members.count == right.members.count
                && left.members.allSatisfy { member in right[member.key].map { $0.equals(member.value) } ?? false }
        case (.largeInteger(let left), .largeInteger(let right)): left == right
        case (.namespace(let left), .namespace(let right)): left === right
        default:
            if let left = integer, let right = other.integer {
                left == right
            } else if let left = number, let right = other.number {
                left == right
            } else {
                false
            }
        }
    }

    /// `str(value)`.
    var text: String {
        switch self {
        case .undefined: ""
        case .string(let value): value
        default: notation
        }
    }

    /// `repr(value)`.
    var notation: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .largeInteger(let digits): digits
        case .float(let value): PythonText.text(of: value)
        case .string(let value): PythonText.quoted(value)
        case .list(let elements): "[" + elements.map(\.notation).joined(separator: ", ") + "]"
        case .tuple(let elements): "(" + elements.map(\.notation).joined(separator: ", ") + (elements.count == 1 ? ",)" : ")")
        case .dict(let dict): "{" + dict.members.map { $0.key.notation + ": " + $0.value.notation }.joined(separator: ", ") + "}"
        case .namespace: "<Namespace>"
        case .loop: "<LoopContext>"
        case .function: "<function>"
        }
    }
}
