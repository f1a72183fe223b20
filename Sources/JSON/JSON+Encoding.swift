extension JSON {
    /// The JSON form of an `Encodable` value: keyed containers become objects in coding order, nil members are left out.
    ///
    /// - Throws: what the value's own `encode(to:)` throws, and nothing else.
    public init(encoding value: some Encodable) throws {
        let node = EncodingNode()
        try value.encode(to: ValueEncoder(node: node, codingPath: []))
        self = node.json
    }
}

/// A place in the tree under construction. A class, since containers are handed out before they are filled.
private final class EncodingNode {
    enum Content {
        case value(JSON)
        case array([EncodingNode])
        case object([(key: String, node: EncodingNode)])
    }
    var content: Content = .value(.null)

    var json: JSON {
        switch content {
        case .value(let value): value
        case .array(let nodes): .array(nodes.map(\.json))
        case .object(let members): .object(JSONObject(members.map { .init(key: $0.key, value: $0.node.json) }))
        }
    }

    func member(_ key: String) -> EncodingNode {
        let node = EncodingNode()
        if case .object(var members) = content {
            // Let go of, or the list would be copied for each member.
            content = .value(.null)
            members.append((key, node))
            content = .object(members)
        } else {
            content = .object([(key, node)])
        }
        return node
    }

    func element() -> EncodingNode {
        let node = EncodingNode()
        if case .array(var nodes) = content {
            content = .value(.null)
            nodes.append(node)
            content = .array(nodes)
        } else {
            content = .array([node])
        }
        return node
    }
}

private struct ValueEncoder: Encoder {
    let node: EncodingNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object = node.content {} else { node.content = .object([]) }
        return KeyedEncodingContainer(KeyedEncoder<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array = node.content {} else { node.content = .array([]) }
        return UnkeyedEncoder(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleEncoder(node: node, codingPath: codingPath) }
}

/// `JSON` itself is Codable so that a type may carry any value; here it is taken over as it is.
private func write(_ value: some Encodable, _ node: EncodingNode, _ path: [any CodingKey]) throws {
    if let json = value as? JSON {
        node.content = .value(json)
    } else {
        try value.encode(to: ValueEncoder(node: node, codingPath: path))
    }
}

private struct KeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode
    let codingPath: [any CodingKey]

    mutating func encodeNil(forKey key: Key) throws { node.member(key.stringValue).content = .value(.null) }
    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try write(value, node.member(key.stringValue), codingPath + [key])
    }
    mutating func nestedContainer<NestedKey: CodingKey>(keyedBy keyType: NestedKey.Type, forKey key: Key) -> KeyedEncodingContainer<NestedKey> {
        ValueEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key]).container(keyedBy: keyType)
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        ValueEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { ValueEncoder(node: node.member("super"), codingPath: codingPath) }
    mutating func superEncoder(forKey key: Key) -> any Encoder {
        ValueEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key])
    }
}

private struct UnkeyedEncoder: UnkeyedEncodingContainer {
    let node: EncodingNode
    let codingPath: [any CodingKey]
    var count: Int { if case .array(let nodes) = node.content { nodes.count } else { 0 } }

    mutating func encodeNil() throws { node.element().content = .value(.null) }
    mutating func encode<T: Encodable>(_ value: T) throws { try write(value, node.element(), codingPath) }
    mutating func nestedContainer<NestedKey: CodingKey>(keyedBy keyType: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        ValueEncoder(node: node.element(), codingPath: codingPath).container(keyedBy: keyType)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        ValueEncoder(node: node.element(), codingPath: codingPath).unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { ValueEncoder(node: node.element(), codingPath: codingPath) }
}

private struct SingleEncoder: SingleValueEncodingContainer {
    let node: EncodingNode
    let codingPath: [any CodingKey]

    mutating func encodeNil() throws { node.content = .value(.null) }
    mutating func encode(_ value: Bool) throws { node.content = .value(.bool(value)) }
    mutating func encode(_ value: String) throws { node.content = .value(.string(value)) }
    mutating func encode(_ value: Double) throws { node.content = .value(.double(value)) }
    mutating func encode(_ value: Float) throws { node.content = .value(.double(Double(value))) }
    mutating func encode(_ value: Int) throws { node.content = .value(.integer(value)) }
    mutating func encode(_ value: Int8) throws { node.content = .value(.integer(Int(value))) }
    mutating func encode(_ value: Int16) throws { node.content = .value(.integer(Int(value))) }
    mutating func encode(_ value: Int32) throws { node.content = .value(.integer(Int(value))) }
    mutating func encode(_ value: Int64) throws { node.content = .value(.integer(Int(value))) }
    mutating func encode(_ value: UInt) throws { node.content = .value(integer(value)) }
    mutating func encode(_ value: UInt8) throws { node.content = .value(.integer(Int(value))) }
    mutating func encode(_ value: UInt16) throws { node.content = .value(.integer(Int(value))) }
    mutating func encode(_ value: UInt32) throws { node.content = .value(.integer(Int(value))) }
    mutating func encode(_ value: UInt64) throws { node.content = .value(integer(value)) }
    mutating func encode<T: Encodable>(_ value: T) throws { try write(value, node, codingPath) }

    private func integer(_ value: some BinaryInteger) -> JSON {
        Int(exactly: value).map(JSON.integer) ?? .number(JSONNumber(unchecked: String(value)))
    }
}

extension JSON: Encodable {
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .integer(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .number(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value.double)
        case .string(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .object(let object):
            var container = encoder.container(keyedBy: JSONKey.self)
            for member in object { try container.encode(member.value, forKey: JSONKey(stringValue: member.key)) }
        }
    }
}
