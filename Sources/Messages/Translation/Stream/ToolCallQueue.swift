/// The calls of one answer in the order in which they began.
///
/// Upstream may interleave them by index; blocks of a message are strictly one after the other. So the first call streams, and
/// the others wait, whole, for its end.
struct ToolCallQueue: Sendable {
    struct Call: Sendable {
        var index: Int
        var upstreamID: String?
        var name = ""
        var arguments = ""
        /// Arguments have begun: the name is whole.
        var isNamed: Bool { !arguments.isEmpty }
    }
    private(set) var calls: [Call] = []
    private(set) var bytes = 0

    /// - Returns: the position of the call that the delta belongs to.
    mutating func add(_ delta: OpenAI.ChatChunk.ToolCallDelta) -> Int {
        let position = position(of: delta)
        if let id = delta.id, !id.isEmpty { calls[position].upstreamID = id }
        // Some servers repeat the whole name in each chunk.
        if let name = delta.name, !calls[position].isNamed, name != calls[position].name { calls[position].name += name }
        if let arguments = delta.arguments {
            calls[position].arguments += arguments
            bytes += arguments.utf8.count
        }
        bytes += delta.name?.utf8.count ?? 0
        return position
    }

    private mutating func position(of delta: OpenAI.ChatChunk.ToolCallDelta) -> Int {
        if let position = calls.lastIndex(where: { $0.index == delta.index }) {
            // Servers that leave out the index tell calls apart by id alone.
            let isAnother = delta.name != nil && calls[position].isNamed && !(delta.id ?? "").isEmpty && delta.id != calls[position].upstreamID
            if !isAnother { return position }
        }
        calls.append(Call(index: delta.index))
        return calls.count - 1
    }
}
