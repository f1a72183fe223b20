import Foundation
import Synchronization

/// What `body` gives for each element, in their order; `width` of them at a time, each on a thread of its own, as most of them wait for processes.
func concurrently<Element: Sendable, Value: Sendable>(
    _ elements: [Element], width: Int = 8, _ body: @escaping @Sendable (Element) throws -> Value
) -> [Result<Value, any Error>] {
    let next = Atomic(0)
    let results = Mutex([Result<Value, any Error>?](repeating: nil, count: elements.count))
    let group = DispatchGroup()
    for _ in 0..<min(width, elements.count) {
        group.enter()
        Thread.detachNewThread {
            defer { group.leave() }
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < elements.count else { return }
                let result = Result { try body(elements[index]) }
                results.withLock { $0[index] = result }
            }
        }
    }
    group.wait()
    return results.withLock { $0.compactMap(\.self) }
}
