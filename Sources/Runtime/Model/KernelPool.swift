import CKernels

/// The threads of the kernels. One caller at a time.
final class KernelPool: @unchecked Sendable {
    let handle: OpaquePointer

    /// All cores that this process may use where `threads` is nil.
    init(threads: Int?) throws(RuntimeError) {
        let count = threads ?? Int(ck_usable_cpus())
        guard let handle = ck_pool_create(Int32(clamping: count)) else {
            throw RuntimeError("cannot start \(count) threads", hint: "raise the limit on processes, or set fewer threads")
        }
        self.handle = handle
    }

    deinit { ck_pool_destroy(handle) }

    var threads: Int { Int(ck_pool_threads(handle)) }
}
