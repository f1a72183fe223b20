/// Who waits: one of each flow in turn, and within a flow who counts most, then who came first.
///
/// A flow that asks for much waits behind itself, not before the others.
struct FairQueue<Element: Sendable>: Sendable {
    private struct Entry: Sendable {
        var number: Int
        var rank: Int
        var element: Element
    }
    /// In each: by rank, then in the order in which they came.
    private var flows: [String: [Entry]] = [:]
    /// The flows that have somebody, the next one first.
    private var turns: [String] = []
    private var added = 0
    private(set) var count = 0

    /// - Parameter rank: the least is the next of its flow.
    /// - Returns: what it can be taken out by.
    mutating func add(_ element: Element, flow: String, rank: Int) -> (flow: String, number: Int) {
        added += 1
        count += 1
        var entries = flows[flow] ?? []
        if entries.isEmpty { turns.append(flow) }
        let place = entries.firstIndex { $0.rank > rank } ?? entries.count
        entries.insert(Entry(number: added, rank: rank, element: element), at: place)
        flows[flow] = entries
        return (flow, added)
    }

    mutating func next() -> Element? {
        guard let flow = turns.first, var entries = flows[flow], !entries.isEmpty else { return nil }
        turns.removeFirst()
        let entry = entries.removeFirst()
        flows[flow] = entries.isEmpty ? nil : entries
        if !entries.isEmpty { turns.append(flow) }
        count -= 1
        return entry.element
    }

    /// - Returns: false where it is not there any more.
    mutating func remove(_ id: (flow: String, number: Int)) -> Bool {
        guard var entries = flows[id.flow], let index = entries.firstIndex(where: { $0.number == id.number }) else { return false }
        entries.remove(at: index)
        flows[id.flow] = entries.isEmpty ? nil : entries
        if entries.isEmpty { turns.removeAll { $0 == id.flow } }
        count -= 1
        return true
    }
}
