/// What is kept, by the chain of its tokens: a tree of blocks under one namespace. Pure bookkeeping; no I/O, no locks.
///
/// Inner blocks have exactly 256 tokens; a leaf may have fewer (the tail of a conversation).
struct PrefixTree {
    let root: BlockKey
    private(set) var nodes: [BlockKey: Node] = [:]
    private(set) var children: [BlockKey: [BlockKey]] = [:]
    private(set) var slots: [Slot] = []
    /// Prefixes that are to outlive conversations, in the order of their last use.
    private(set) var pins: [Pin] = []
    /// The pinned tips and all that they follow.
    private var pinned: Set<BlockKey> = []
    /// Counts uses; larger is later.
    private(set) var clock: UInt64 = 0

    init(root: BlockKey) { self.root = root }

    subscript(key: BlockKey) -> Node? { nodes[key] }

    // MARK: Changing

    /// Tokens of all chains that are kept, each counted from its beginning.
    var chainTokens: Int {
        (slots.map(\.tip) + pins.map(\.tip)).reduce(0) { $0 + (nodes[$1]?.end ?? 0) }
    }

    mutating func tick() -> UInt64 {
        clock += 1
        return clock
    }

    /// Marks blocks as used now. Children first, so that a chain's beginning is never older than its end.
    mutating func touch(_ keys: some Sequence<BlockKey>) {
        let now = tick()
        for key in keys { nodes[key]?.lastUse = now }
    }

    /// What became of an insertion: the node that now stands for the tokens, whether it is new, and leaves that it replaced.
    struct Insertion {
        var key: BlockKey
        var isNew: Bool
        var replaced: [Node] = []
    }

    /// Adds a block after `parent` (the root or a full block that is known). Nil where the parent is not known.
    mutating func insert(parent: BlockKey, start: Int, tokens: ArraySlice<Int32>, isSideCall: Bool, block: KVBlock?) -> Insertion? {
        guard parent == root || nodes[parent]?.isFull == true else { return nil }
        let key = parent.child(tokens)
        if let known = nodes[key] {
            guard known.tokens.elementsEqual(tokens) else { return nil }
            if known.block == nil { nodes[key]?.block = block }
            return Insertion(key: key, isNew: false)
        }
        var replaced: [Node] = []
        for sibling in children[parent, default: []].compactMap({ nodes[$0] }) {
            // One of the two is the beginning of the other: the longer one serves for both.
            if sibling.tokens.starts(with: tokens) { return Insertion(key: sibling.key, isNew: false) }
            if tokens.starts(with: sibling.tokens), !pinned.contains(sibling.key) { replaced.append(sibling) }
        }
        for node in replaced { unlink(node) }
        nodes[key] = Node(key: key, parent: parent, start: start, tokens: Array(tokens), isSideCall: isSideCall, block: block, lastUse: tick())
        children[parent, default: []].append(key)
        for index in slots.indices where replaced.contains(where: { $0.key == slots[index].tip }) { slots[index].tip = key }
        return Insertion(key: key, isNew: true, replaced: replaced)
    }

    private mutating func unlink(_ node: Node) {
        nodes[node.key] = nil
        children[node.parent]?.removeAll { $0 == node.key }
        if children[node.parent]?.isEmpty == true { children[node.parent] = nil }
    }

    /// Takes out a block and all that follow it.
    mutating func removeSubtree(_ key: BlockKey) -> [Node] {
        guard let node = nodes[key] else { return [] }
        var removed: [Node] = []
        var open = [node]
        while let next = open.popLast() {
            open.append(contentsOf: children[next.key, default: []].compactMap { nodes[$0] })
            unlink(next)
            removed.append(next)
        }
        // A slot whose end is gone goes back to what is left of its chain.
        let left = nodes[node.parent] != nil ? node.parent : nil
        let gone = Set(removed.map(\.key))
        slots = slots.compactMap { slot in
            guard gone.contains(slot.tip) else { return slot }
            guard let left, children[left] == nil else { return nil }
            return Slot(tip: left, isSideCall: slot.isSideCall, lastUse: slot.lastUse)
        }
        mergeSlots()
        if !pinned.isDisjoint(with: gone) {
            pins.removeAll { gone.contains($0.tip) }
            renewPinned()
        }
        return removed
    }

    mutating func setBlock(_ key: BlockKey, _ block: KVBlock?) { nodes[key]?.block = block }
    mutating func setQueued(_ key: BlockKey, _ queued: Bool) { nodes[key]?.isQueued = queued }
    mutating func setRecord(_ key: BlockKey, _ record: RecordLocation?) {
        nodes[key]?.record = record
        nodes[key]?.isQueued = false
    }

    // MARK: Slots

    /// A request ended with `tip`: its chain has a slot, and slots that it extends are one with it.
    mutating func occupySlot(_ tip: BlockKey, isSideCall: Bool) {
        guard nodes[tip] != nil, !pins.contains(where: { $0.tip == tip }) else { return }
        // A tip that others extend is kept by them.
        if children[tip] != nil { return }
        let now = tick()
        slots.removeAll { $0.tip == tip }
        slots.append(Slot(tip: tip, isSideCall: isSideCall, lastUse: now))
        mergeSlots()
    }

    /// Slots at blocks that another kept block follows are not tips any more.
    private mutating func mergeSlots() {
        var seen: Set<BlockKey> = []
        slots = slots.reversed().filter { slot in children[slot.tip] == nil && seen.insert(slot.tip).inserted }.reversed()
    }

    /// Takes out the least recently used slots beyond `limit`, and of side calls beyond `sideLimit`, with the blocks that only they need.
    mutating func trimSlots(limit: Int, sideLimit: Int) -> [Node] {
        var removed: [Node] = []
        for (isSideCall, bound) in [(false, limit), (true, sideLimit)] {
            while slots.lazy.filter({ $0.isSideCall == isSideCall }).count > bound,
                let oldest = slots.filter({ $0.isSideCall == isSideCall }).min(by: { $0.lastUse < $1.lastUse })
            {
                removed.append(contentsOf: removeSlot(oldest))
            }
        }
        return removed
    }

    private mutating func removeSlot(_ slot: Slot) -> [Node] {
        slots.removeAll { $0.tip == slot.tip }
        var removed: [Node] = []
        var key = slot.tip
        while let node = nodes[key], children[key] == nil, !pinned.contains(key), !slots.contains(where: { $0.tip == key }) {
            unlink(node)
            removed.append(node)
            key = node.parent
        }
        return removed
    }

    /// Takes out the leaf that has not been used for longest; for a budget, leaves go first, and pinned ones last.
    mutating func removeOldestLeaf(where condition: (Node) -> Bool) -> Node? {
        let leaves = nodes.values.filter { children[$0.key] == nil && condition($0) }
        guard let oldest = leaves.min(by: { order(of: $0) < order(of: $1) }) else { return nil }
        return removeSubtree(oldest.key).first
    }

    /// What goes first is smaller.
    private func order(of node: Node) -> (Int, UInt64, Int) { (pinned.contains(node.key) ? 1 : 0, node.lastUse, -node.end) }

    // MARK: Pins

    func isPinned(_ key: BlockKey) -> Bool { pinned.contains(key) }

    /// Pins the chain that ends with `tip`; beyond `limit` the pins that were used longest ago become conversations like others. Whether
    /// the list has changed.
    mutating func pin(_ tip: BlockKey, limit: Int) -> Bool {
        guard nodes[tip] != nil else { return false }
        let now = tick()
        if let known = pins.firstIndex(where: { $0.tip == tip }) {
            pins[known].lastUse = now
            pins.sort { $0.lastUse < $1.lastUse }
            return false
        }
        pins.append(Pin(tip: tip, lastUse: now))
        // It is kept by its pin now.
        slots.removeAll { $0.tip == tip }
        while pins.count > max(limit, 1) {
            let pin = pins.removeFirst()
            if let node = nodes[pin.tip], children[pin.tip] == nil {
                slots.append(Slot(tip: pin.tip, isSideCall: node.isSideCall, lastUse: pin.lastUse))
            }
        }
        slots.sort { $0.lastUse < $1.lastUse }
        renewPinned()
        return true
    }

    private mutating func renewPinned() {
        pinned = []
        for pin in pins {
            var key = pin.tip
            while let node = nodes[key], pinned.insert(key).inserted { key = node.parent }
        }
    }

    // MARK: Memory

    /// Lets go of up to `count` blocks in memory that nobody else uses: those first with which least is lost, and of these the least recently
    /// used and deepest. Those that are not on disk leave the tree (they are leaves by then, or their followers were let go before them).
    mutating func releaseMemory(blocks count: Int) -> [Node] {
        var candidates: [(key: BlockKey, order: (Int, Int, UInt64, Int))] = []
        // By index, because an iterator would share the storage, and then no block in it had one owner only.
        var index = nodes.startIndex
        while index != nodes.endIndex {
            if nodes.values[index].block != nil, isKnownUniquelyReferenced(&nodes.values[index].block) {
                let (pin, use, depth) = order(of: nodes.values[index])
                candidates.append((nodes.values[index].key, (loss(of: nodes.values[index]), pin, use, depth)))
            }
            nodes.formIndex(after: &index)
        }
        candidates.sort { $0.order < $1.order }
        var removed: [Node] = []
        var released = 0
        // Those whose turn came while others followed them: it comes again with the last of these.
        var passed: Set<BlockKey> = []
        for candidate in candidates {
            var turn: BlockKey? = candidate.key
            while released < count, let key = turn, let node = nodes[key] {
                turn = nil
                if node.record != nil {
                    nodes[key]?.block = nil
                    released += 1
                } else if children[key] == nil {
                    removed.append(contentsOf: removeSubtree(key))
                    released += 1
                    if passed.contains(node.parent) { turn = node.parent }
                } else {
                    passed.insert(key)
                }
            }
        }
        return removed
    }

    /// Of what is not on disk nothing is left when its memory goes. What waits to be written will be there soon, and a pinned prefix, once
    /// gone, is not pinned any more.
    private func loss(of node: Node) -> Int {
        if node.record != nil { return 0 }
        if pinned.contains(node.key) { return 2 }
        return node.isQueued ? 1 : 0
    }

    // MARK: Recovery

    /// Adds what a scan of the disk found, and the pins that stood beside it. Order does not matter; what has no way to the root is given back.
    mutating func adopt(_ found: [Node], pins tips: [BlockKey] = [], pinLimit: Int = 0) -> (orphans: [Node], replaced: [Node]) {
        var waiting = Dictionary(grouping: found) { $0.parent }
        var replaced: [Node] = []
        var open = [root] + nodes.keys
        while let parent = open.popLast() {
            for node in waiting.removeValue(forKey: parent) ?? [] {
                guard
                    let insertion = insert(parent: parent, start: node.start, tokens: node.tokens[...], isSideCall: node.isSideCall, block: nil)
                else { continue }
                replaced.append(contentsOf: insertion.replaced)
                if insertion.key != node.key || nodes[node.key]?.record != nil {
                    if nodes[node.key]?.record != node.record { replaced.append(node) }
                    continue
                }
                nodes[node.key]?.record = node.record
                nodes[node.key]?.lastUse = node.lastUse
                clock = max(clock, node.lastUse)
                open.append(node.key)
            }
        }
        for tip in tips { _ = pin(tip, limit: pinLimit) }
        let ends = nodes.values.filter { children[$0.key] == nil }.sorted { $0.lastUse < $1.lastUse }
        for tip in ends where !pinned.contains(tip.key) && !slots.contains(where: { $0.tip == tip.key }) {
            slots.append(Slot(tip: tip.key, isSideCall: tip.isSideCall, lastUse: tip.lastUse))
        }
        mergeSlots()
        return (waiting.values.flatMap(\.self), replaced)
    }
}
