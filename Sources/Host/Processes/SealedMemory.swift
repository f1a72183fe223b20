import CProcess
import Glibc

/// Bytes for another program, in memory that nobody can change and no disk keeps.
package enum SealedMemory {
    /// - Returns: a descriptor at the first byte, closed by exec.
    package static func make(_ name: String, _ bytes: [UInt8]) throws(OperationError) -> CInt {
        let descriptor = bytes.withUnsafeBytes { cprocess_sealed_memory(name, $0.baseAddress, $0.count) }
        guard descriptor >= 0 else { throw .system("cannot make a sealed memory", errno: -descriptor) }
        return descriptor
    }
}
