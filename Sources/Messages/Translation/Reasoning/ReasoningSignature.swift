import JSON

/// What the signature of a thinking block of ours carries of its answer, for the server that gave it: clients keep of an answer's
/// reasoning nothing but the text and that string.
///
/// Behind the mark stands a JSON object: `anyclaude.v1.<backend>{"details":[…],"calls":{…}}`. It is read by the backend of that name alone.
struct ReasoningSignature: Sendable, Equatable {
    /// Pieces of the details in their order; those of all blocks of the answer belong together.
    var details: [JSON] = []
    /// The server's ids of calls that the details name, by the number of the call in its answer.
    var calls: [Int: String] = [:]
    /// Something of the answer's details was too long to be kept: what is left of them must not be sent.
    var isCut = false

    var isEmpty: Bool { details.isEmpty && calls.isEmpty && !isCut }

    init() {}

    /// - Parameter mark: that of the backend which is to read it.
    /// - Returns: nil where it is not that backend's, or carries nothing.
    init?(_ signature: String, mark: String) {
        guard signature.hasPrefix(mark) else { return nil }
        let text = signature.dropFirst(mark.count)
        // Whatever a client made of it: what cannot be read is no more than a mark.
        guard text.first == "{", let json = try? JSON(parsing: String(text)), let object = json.objectValue else { return nil }
        details = object["details"]?.arrayValue ?? []
        isCut = object["cut"]?.boolValue ?? false
        for member in object["calls"]?.objectValue?.members ?? [] {
            if let call = Int(member.key), let id = member.value.stringValue, !id.isEmpty { calls[call] = id }
        }
    }

    func text(mark: String) -> String {
        guard !isEmpty else { return mark }
        var object: JSONObject = [:]
        if !details.isEmpty { object["details"] = .array(details) }
        if !calls.isEmpty {
            object["calls"] = .object(JSONObject(calls.sorted { $0.key < $1.key }.map { .init(key: String($0.key), value: .string($0.value)) }))
        }
        if isCut { object["cut"] = true }
        return mark + JSON.object(object).text
    }
}
