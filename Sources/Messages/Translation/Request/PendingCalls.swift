import JSON

/// The calls of an assistant turn and the results that have come for them.
///
/// Servers are known to give two calls one id. Results find their calls in order, and each call gets an id of its own.
struct PendingCalls {
    struct Call {
        var id: String
        var result: ContentParts?
        var isError = false
    }
    private(set) var all: [Call] = []
    /// By the client's id: its calls in order, and how many have their results.
    private var byID: [String: (calls: [Int], answered: Int)] = [:]
    private var ids: Set<String> = []
    private var waitingCount = 0

    var isEmpty: Bool { all.isEmpty }
    /// Whether a call has no result yet.
    var areWaiting: Bool { waitingCount > 0 }

    /// - Parameter upstreamID: the server's own id of it, where that is to be used again.
    /// - Returns: the id by which the server knows the call.
    mutating func add(_ id: String, as upstreamID: String? = nil) -> String {
        var own = upstreamID ?? id
        if ids.contains(own) { own += "_\(all.count)" }
        while !ids.insert(own).inserted { own += "_" }
        byID[id, default: ([], 0)].calls.append(all.count)
        waitingCount += 1
        all.append(Call(id: own))
        return own
    }

    /// - Returns: false where no call waits for it.
    mutating func answer(_ id: String, _ result: ContentParts, isError: Bool) -> Bool {
        guard let (calls, answered) = byID[id], answered < calls.count else { return false }
        byID[id]?.answered += 1
        waitingCount -= 1
        all[calls[answered]].result = result
        all[calls[answered]].isError = isError
        return true
    }

    /// Adds words to the last result; false where there is none.
    mutating func addToLast(_ text: String, lateTools: [JSON]) -> Bool {
        guard let last = all.indices.last, all[last].result != nil else { return false }
        all[last].result?.add(text: text)
        all[last].result?.add(lateTools: lateTools)
        return true
    }

    mutating func removeAll() { self = PendingCalls() }
}
