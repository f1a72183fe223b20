/// A stack of values whose containers are still open. A container that closes takes its own values off it, in one piece:
/// one allocation of the right size for each list or mapping, and nothing is copied on the way.
final class PendingValues<Item> {
    private var base: UnsafeMutablePointer<Item>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 64
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    @inline(__always)
    func push(_ item: consuming Item) {
        if count == capacity { grow() }
        (base + count).initialize(to: item)
        count += 1
    }

    /// The value that was pushed last, of those from `start` on.
    func last(from start: Int) -> Item? { count > start ? base[count - 1] : nil }

    private func grow() {
        let larger = UnsafeMutablePointer<Item>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: base, count: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }

    /// - Precondition: `start` is at most `count`.
    func take(from start: Int) -> [Item] {
        let size = count - start
        guard size > 0 else { return [] }
        count = start
        return Array(unsafeUninitializedCapacity: size) { buffer, initialized in
            buffer.baseAddress?.moveInitialize(from: base + start, count: size)
            initialized = size
        }
    }
}
