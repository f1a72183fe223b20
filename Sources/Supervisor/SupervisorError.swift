import Control
import Glibc

/// What the supervisor could not do: message and hint for people, exit code for programs.
public struct SupervisorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Lower case, without a full stop.
    public var message: String
    public var hint: String?
    /// By the table of exit codes: 3 precondition, 6 tampered, 73 cannot create, 74 input or output, 77 permission, 78 configuration.
    public var exitCode: Int32

    public init(_ message: String, hint: String? = nil, exitCode: Int32) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
    }

    public var description: String { message }

    /// A failed system call; a refused permission has its own exit code.
    static func system(_ what: String, errno code: Int32, hint: String? = nil, exitCode: Int32 = 74) -> SupervisorError {
        let isPermission = code == EACCES || code == EPERM || code == EROFS
        return SupervisorError(
            "\(what): \(errorText(code))", hint: hint ?? (isPermission ? "check the owner and the permissions of the path" : nil),
            exitCode: isPermission ? 77 : exitCode)
    }

    var control: ControlError { ControlError(message: message, hint: hint, exitCode: Int(exitCode)) }
}

/// The text of an errno, as `strerror` gives it.
func errorText(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    guard strerror_r(code, &buffer, buffer.count) == 0 || buffer[0] != 0 else { return "error \(code)" }
    return buffer.withUnsafeBufferPointer { pointer in pointer.baseAddress.map { String(cString: $0) } ?? "error \(code)" }
}
