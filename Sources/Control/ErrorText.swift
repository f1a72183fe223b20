import Glibc

/// The text of an errno, as `strerror` gives it.
package func errorText(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    guard strerror_r(code, &buffer, buffer.count) == 0 || buffer[0] != 0 else { return "error \(code)" }
    return buffer.withUnsafeBufferPointer { pointer in pointer.baseAddress.map { String(cString: $0) } ?? "error \(code)" }
}
