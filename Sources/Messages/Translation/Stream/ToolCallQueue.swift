import JSON

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
        private var scan = ArgumentsStream { _ in [] }
        private var scanned = 0

        init(index: Int) { self.index = index }

        /// Arguments follow a name: it is whole. Some servers send arguments first.
        var isNamed: Bool { !name.isEmpty && !arguments.isEmpty }

        /// A call that the client does not take, in words.
        func asText(_ names: ToolNames) -> String {
            "<tool_call>\n{\"name\": \(JSON.string(names.original(name)).text), \"arguments\": \(arguments.isEmpty ? "{}" : arguments)}\n</tool_call>"
        }

        /// Whether the arguments are a whole object; reads what came since it was asked last.
        mutating func isWhole() -> Bool {
            let bytes = arguments.utf8
            _ = scan.read(Array(bytes[bytes.index(bytes.startIndex, offsetBy: scanned)...])[...])
            scanned = bytes.count
            return scan.isWhole
        }
    }

    private(set) var calls: [Call] = []
    /// Indices of calls that stand in the text begin here: a server may tell others apart.
    static let inText = 1 << 32
    /// About what the calls hold in memory.
    private(set) var bytes = 0
    /// More is no answer, and each piece would have to search them.
    static let maximumCalls = 1024

    var isTooLong: Bool { calls.count > Self.maximumCalls }

    /// - Returns: the position of the call that the delta belongs to; nil where the delta says nothing.
    mutating func add(_ delta: OpenAI.ChatChunk.ToolCallDelta) -> Int? {
        let id = delta.id ?? ""
        let name = delta.name ?? ""
        let arguments = delta.arguments ?? ""
        guard !(id.isEmpty && name.isEmpty && arguments.isEmpty) else { return nil }
        let known = calls.lastIndex { $0.index == delta.index }
        let position: Int
        if let known, !isAnother(known, id: id, name: name, arguments: arguments) {
            position = known
        } else {
            position = calls.count
            calls.append(Call(index: delta.index))
            bytes += 64
        }
        if !id.isEmpty { calls[position].upstreamID = id }
        // Some servers repeat the whole name in each chunk.
        if !calls[position].isNamed, name != calls[position].name { calls[position].name += name }
        calls[position].arguments += arguments
        bytes += id.utf8.count + name.utf8.count + arguments.utf8.count
        return position
    }

    /// Whether a delta begins a call of its own though one of its index is known: servers leave indices out, or say 0 in each.
    private mutating func isAnother(_ position: Int, id: String, name: String, arguments: String) -> Bool {
        guard !name.isEmpty else { return false }
        if !id.isEmpty, let known = calls[position].upstreamID, id != known { return true }
        guard calls[position].isNamed else { return false }
        // Repeated names are the same call's, unless its arguments begin again.
        return name != calls[position].name
            || arguments.utf8.first { !MarkerScan.isSpace($0) } == UInt8(ascii: "{") && calls[position].isWhole()
    }

    mutating func firstIsWhole() -> Bool { calls.indices.contains(0) && calls[0].isWhole() }

    /// A limit may have fallen between a call's name and its arguments; and half a call is no call without arguments.
    mutating func dropWithoutArguments() { calls.removeAll { $0.arguments.isEmpty } }
}
