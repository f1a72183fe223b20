import CKernels

/// Zeroed memory for kernels, aligned, in huge pages where it is large. Who shares it must agree on who writes.
final class AlignedMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let count: Int

    init(count: Int) throws(RuntimeError) {
        guard let base = ck_allocate(count) else {
            throw RuntimeError("no memory for \(count) bytes", hint: "a smaller context window or a smaller model needs less")
        }
        self.base = base
        self.count = count
    }

    deinit { ck_release(base, count) }

    var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
