import JSON

extension JSON {
    /// Nil for null. Not written as `isNull ? nil : self`, whose `nil` is a JSON null.
    var unlessNull: JSON? {
        guard !isNull else { return nil }
        return self
    }
}

extension OpenAI {
    /// A wire value that is its JSON members: those that no accessor names are kept as they came.
    public protocol Members: Sendable, Equatable {
        var members: JSONObject { get set }
        init(members: JSONObject)
    }
}

extension OpenAI.Members {
    public var json: JSON { .object(members) }

    /// The member `key`; null counts as absent, as this API has it.
    public subscript(key: String) -> JSON? {
        get { members[key]?.unlessNull }
        set { members[key] = newValue }
    }

    /// The value of `json`, which must be an object.
    public init(_ json: JSON, param: String) throws(OpenAI.Failure) {
        guard case .object(let members) = json else {
            throw .invalidRequest("`\(param)` must be an object, not \(json.typeName)", param: param)
        }
        self.init(members: members)
    }

    func string(_ key: String) -> String? { self[key]?.stringValue }
    func elements<Element: OpenAI.Members>(_ key: String) -> [Element]? {
        self[key]?.arrayValue?.compactMap { $0.objectValue.map(Element.init(members:)) }
    }
    mutating func set<Element: OpenAI.Members>(_ key: String, _ elements: [Element]?) { self[key] = elements.map { .array($0.map(\.json)) } }
}
