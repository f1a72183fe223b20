/// How much of a load is done, in whole per cents of its bytes, as far as somebody could follow: each is told at most once, in rising order,
/// none sooner than `pace` after the one before, and 100 with the last byte.
struct LoadProgress {
    /// A supervisor takes ten words at once where the kernel is left as it is (net.unix.max_dgram_qlen).
    static let pace = Duration.milliseconds(20)

    private let total: Int
    private var done = 0
    private var told = 0
    private var toldAt: ContinuousClock.Instant?

    /// - Parameter total: bytes that will be read.
    init(total: Int) { self.total = total }

    /// - Returns: the per cent that is reached with these bytes; nil where nothing is to be told.
    mutating func add(_ bytes: Int, at now: ContinuousClock.Instant) -> Int? {
        done = min(done + bytes, total)
        guard total > 0 else { return nil }
        let percent = Int(Int128(done) * 100 / Int128(total))
        guard percent > told else { return nil }
        if percent < 100, let toldAt, now - toldAt < Self.pace { return nil }
        told = percent
        toldAt = now
        return percent
    }
}
