import Glibc

/// Between two looks at a condition that nobody reports.
enum Pause {
    static func briefly() { _ = poll(nil, 0, 20) }

    static func milliseconds(_ count: Int) { _ = poll(nil, 0, Int32(clamping: count)) }
}
