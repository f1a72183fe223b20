import NIOCore

/// Joins the parts of a body that one read has brought: a server that streams sends each of its words in a chunk of its own, and what is
/// done for a part, between the reading of HTTP and whoever reads the answer, costs as much as what is done for the word.
struct PartJoiner {
    private var joined: ByteBuffer?
    private var parts = 0

    /// One part alone is not copied.
    mutating func add(_ part: ByteBuffer) {
        var part = part
        parts += 1
        guard var all = joined else {
            joined = part
            return
        }
        // Nobody else holds it while it grows.
        joined = nil
        if parts == 2 {
            var copy = ByteBufferAllocator().buffer(capacity: max(2048, 8 * (all.readableBytes + part.readableBytes)))
            copy.writeBuffer(&all)
            all = copy
        }
        all.writeBuffer(&part)
        joined = all
    }

    /// All that was added since.
    mutating func take() -> ByteBuffer? {
        defer {
            joined = nil
            parts = 0
        }
        return joined
    }
}
