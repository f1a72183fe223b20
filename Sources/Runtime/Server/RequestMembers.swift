import JSON
import Messages

/// Members of a request, each checked for its type and range: 400 names the member, what is wrong and what is allowed.
struct RequestMembers {
    let json: JSON

    subscript(key: String) -> JSON? {
        guard let value = json[key], !value.isNull else { return nil }
        return value
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws(OpenAI.Failure) -> Float? {
        guard let value = self[key] else { return nil }
        guard let number = value.doubleValue, range.contains(number) else {
            throw .invalidRequest("`\(key)` must be a number between \(range.lowerBound) and \(range.upperBound), not \(value.text)", param: key)
        }
        return Float(number)
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(OpenAI.Failure) -> Int? {
        guard let value = self[key] else { return nil }
        guard let number = value.intValue, range.contains(number) else {
            throw .invalidRequest("`\(key)` must be an integer between \(range.lowerBound) and \(range.upperBound), not \(value.text)", param: key)
        }
        return number
    }

    func flag(_ key: String) throws(OpenAI.Failure) -> Bool? {
        guard let value = self[key] else { return nil }
        guard let flag = value.boolValue else { throw .invalidRequest("`\(key)` must be true or false, not \(value.text)", param: key) }
        return flag
    }

    /// A text, or a list of texts.
    func texts(_ key: String, atMost limit: Int) throws(OpenAI.Failure) -> [String] {
        guard let value = self[key] else { return [] }
        let texts = value.stringValue.map { [$0] } ?? value.arrayValue?.compactMap(\.stringValue)
        guard let texts, texts.count == value.arrayValue?.count ?? 1, texts.count <= limit, !texts.contains("") else {
            throw .invalidRequest("`\(key)` must be a text or a list of at most \(limit) texts that are not empty", param: key)
        }
        return texts
    }

    /// Refuses what is asked for and not done here, rather than leave it out in silence.
    func refuse(_ key: String, unless isHarmless: (JSON) -> Bool = { _ in false }, _ reason: String) throws(OpenAI.Failure) {
        guard let value = self[key], !isHarmless(value) else { return }
        throw .invalidRequest("`\(key)` \(value.text.prefix(80)) is not supported: \(reason)", param: key, code: "unsupported_parameter")
    }
}
