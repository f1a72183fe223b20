import Control
import Glibc

/// What could not be done here: message and hint for people, exit code for programs.
package struct OperationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Lower case, without a full stop.
    package var message: String
    package var hint: String?
    /// By the table of exit codes: 3 precondition, 6 tampered, 73 cannot create, 74 input or output, 77 permission, 78 configuration.
    package var exitCode: Int32

    package init(_ message: String, hint: String? = nil, exitCode: Int32) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
    }

    package var description: String { message }

    /// A failed system call; a refused permission has its own exit code.
    package static func system(_ what: String, errno code: Int32, hint: String? = nil, exitCode: Int32 = 74) -> OperationError {
        let isPermission = code == EACCES || code == EPERM || code == EROFS
        return OperationError(
            "\(what): \(errorText(code))", hint: hint ?? (isPermission ? "check the owner and the permissions of the path" : nil),
            exitCode: isPermission ? 77 : exitCode)
    }

    package var control: ControlError { ControlError(message: message, hint: hint, exitCode: Int(exitCode)) }
}
