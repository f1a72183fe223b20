import CKernels
import Locking

/// The threads of the kernels. Passes of several engines over one model take turns.
final class KernelPool: @unchecked Sendable {
    let handle: OpaquePointer
    private let turn = Mutex(())

    /// All cores that this process may use where `threads` is nil; the best instruction set of this CPU where that is nil.
    init(threads: Int?, instructionSet: InstructionSet?) throws(RuntimeError) {
        if let instructionSet, instructionSet.rawValue > ck_level_detected() {
            throw RuntimeError("this CPU has no \(instructionSet)", hint: "leave the choice to the runtime")
        }
        let count = threads ?? Int(ck_usable_cpus())
        guard let handle = ck_pool_create(Int32(clamping: count), instructionSet?.rawValue ?? -1) else {
            throw RuntimeError("cannot start \(count) threads", hint: "raise the limit on processes, or set fewer threads")
        }
        self.handle = handle
    }

    deinit { ck_pool_destroy(handle) }

    /// A job has one caller at a time; whoever computes holds the turn for its whole pass.
    func takingTurn<R>(_ body: () throws(RuntimeError) -> R) throws(RuntimeError) -> R {
        try turn.withLock { (_) throws(RuntimeError) -> R in try body() }
    }

    var threads: Int { Int(ck_pool_threads(handle)) }
    var instructionSet: InstructionSet { InstructionSet(rawValue: ck_pool_level(handle)) ?? .portable }
}

/// What the kernels may use of a CPU. Each rounds its sums a little differently, and always in the same way.
public enum InstructionSet: Int32, Sendable, CaseIterable {
    case portable = 0
    case avx2 = 1
    case avx512 = 2
    case avx512bf16 = 3
}
