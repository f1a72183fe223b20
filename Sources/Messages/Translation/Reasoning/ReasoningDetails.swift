import JSON

/// OpenRouter's `reasoning_details` of one answer: pieces in, in the order in which they came; whole details out.
///
/// Pieces of one detail have its type and index, and come one by one where it is streamed: its texts are joined, and what a later piece
/// adds (a signature comes last) joins the rest. The order is that of the first pieces. What is whole stays as it is when it is added, so
/// that parts of an answer may be kept apart and put together later.
struct ReasoningDetails: Sendable {
    private struct Detail: Sendable {
        /// Its texts are kept beside it while they grow.
        var members: JSONObject
        var texts: [String]
    }
    private var details: [Detail] = []
    /// Members whose pieces are parts of one text.
    private static let texts = ["text", "summary"]
    /// Members that say whose detail it is, and nothing of the reasoning.
    private static let labels: Set<String> = ["type", "id", "format", "index"]

    init() {}

    init(_ pieces: [JSON]) { for piece in pieces { add(piece) } }

    var all: [JSON] {
        details.map { detail in
            var members = detail.members
            for (key, text) in zip(Self.texts, detail.texts) where !text.isEmpty { members[key] = .string(text) }
            return .object(members)
        }
    }

    var isEmpty: Bool { details.isEmpty }

    /// Whether the server alone can make some of it: a signature, or what it encrypted.
    var hasSecrets: Bool { details.contains { $0.members.filled("signature") != nil || $0.members.filled("data") != nil } }

    mutating func add(_ piece: JSON) {
        guard let piece = piece.objectValue, Self.says(piece) else { return }
        let texts = Self.texts.map { piece.filled($0) ?? "" }
        if let index = details.lastIndex(where: { Self.goesOn($0, piece) }) {
            for (place, text) in texts.enumerated() { details[index].texts[place] += text }
            for member in piece.members where details[index].members[member.key]?.unlessNull == nil {
                details[index].members[member.key] = member.value
            }
        } else {
            details.append(Detail(members: piece, texts: texts))
        }
    }

    /// Whether a piece belongs to a detail that has begun.
    private static func goesOn(_ detail: Detail, _ piece: JSONObject) -> Bool {
        let known = detail.members
        guard let type = piece["type"], known["type"] == type, known["index"]?.unlessNull == piece["index"]?.unlessNull else { return false }
        if let id = piece.filled("id"), let knownID = known.filled("id"), id != knownID { return false }
        // It is sent whole, and says the same again at most.
        if let data = piece.filled("data") { return known.filled("data") == data }
        // A signature ends what it signs.
        return known.filled("signature") == nil || texts.allSatisfy { piece.filled($0) == nil }
    }

    private static func says(_ piece: JSONObject) -> Bool {
        piece.members.contains { member in !labels.contains(member.key) && !member.value.isNull && member.value != "" }
    }
}

extension JSONObject {
    /// A text that says something.
    fileprivate func filled(_ key: String) -> String? {
        guard let text = self[key]?.stringValue, !text.isEmpty else { return nil }
        return text
    }
}
