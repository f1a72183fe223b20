import CProcess

/// The processors of this machine.
package enum Processors {
    /// The numbers of those that this process may run on (sched_getaffinity(2)).
    package static func usable() throws(OperationError) -> Set<Int> {
        var numbers = [CInt](repeating: 0, count: 1 << 16)
        let count = cprocess_usable_cpus(&numbers, CInt(numbers.count))
        guard count >= 0 else { throw .system("cannot ask which processors may be used", errno: -count) }
        return Set(numbers.prefix(Int(count)).map { Int($0) })
    }
}
