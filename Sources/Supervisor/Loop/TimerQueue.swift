/// What is to happen when, in a binary heap; what was removed stays in it until it is due, and then does nothing.
struct TimerQueue {
    struct Token: Hashable { fileprivate let number: Int }

    private struct Entry {
        var time: Int
        var number: Int
        func precedes(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    private var heap: [Entry] = []
    private var actions: [Int: () -> Void] = [:]
    private var lastNumber = 0

    mutating func add(at time: Int, _ action: @escaping () -> Void) -> Token {
        lastNumber += 1
        actions[lastNumber] = action
        heap.append(Entry(time: time, number: lastNumber))
        siftUp(heap.count - 1)
        return Token(number: lastNumber)
    }

    mutating func remove(_ token: Token) {
        actions[token.number] = nil
        // Without this the heap of a busy service would grow until the last timer is due.
        if heap.count > 64, heap.count > 2 * actions.count { rebuild() }
    }

    /// The time of the first one that is still wanted.
    var next: Int? {
        mutating get {
            while let first = heap.first, actions[first.number] == nil { removeFirst() }
            return heap.first?.time
        }
    }

    /// The newest token so far: what is added later does not belong to a batch that began before.
    var mark: Token { Token(number: lastNumber) }

    /// The next action that is due and was added by `mark`. One at a time, since an action may remove those after it.
    mutating func takeDue(_ now: Int, until mark: Token) -> (() -> Void)? {
        var later: [Entry] = []
        defer {
            for entry in later {
                heap.append(entry)
                siftUp(heap.count - 1)
            }
        }
        while let first = heap.first, first.time <= now {
            removeFirst()
            if first.number > mark.number {
                later.append(first)
            } else if let action = actions.removeValue(forKey: first.number) {
                return action
            }
        }
        return nil
    }

    private mutating func rebuild() {
        let kept = heap.filter { actions[$0.number] != nil }
        heap = []
        for entry in kept {
            heap.append(entry)
            siftUp(heap.count - 1)
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least]) { least = child }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }
}
