import ConfigCompiler
import Control
import Glibc
import Host
import LaunchPlan

/// Why a command cannot do what it was asked, and what to do about it.
struct CommandError: Error {
    /// Lower case, without a full stop; nil where everything has been said already.
    var message: String?
    var hint: String?
    var exitCode: Int32

    init(_ message: String?, hint: String? = nil, exitCode: Int32) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
    }

    init(_ error: ControlClientError) { self.init(error.message, hint: error.hint, exitCode: Int32(error.exitCode)) }

    /// - Parameter hint: where the error has none.
    init(_ error: OperationError, hint: String? = nil) { self.init(error.message, hint: error.hint ?? hint, exitCode: error.exitCode) }

    init(_ error: ConfigFileError) { self.init(error.message, hint: error.hint, exitCode: Int32(error.exitCode)) }

    init(_ refusal: PlanEnvelope.Refusal, file: String) {
        switch refusal {
        case .tampered:
            self.init("\(file): \(refusal)", hint: "make the plan again with `anyclaude plan --out \(file)`", exitCode: ExitStatus.tampered)
        case .unknownFormat, .unknownFeatures:
            self.init(
                "\(file): \(refusal)", hint: "apply it with the version of anyclaude that wrote it, or a newer one", exitCode: ExitStatus.precondition
            )
        case .malformed:
            self.init("\(file): \(refusal)", hint: "a plan file is what `anyclaude plan --out FILE` writes", exitCode: ExitStatus.diagnostics)
        }
    }

    /// A system call on `path` that failed with `code`.
    ///
    /// - Parameter place: what is written there; nil where nothing was to be made.
    init(_ doing: String, _ path: String, errno code: Int32, place: WritePlace? = nil) {
        let message = "cannot \(doing) \(path): \(String(cString: strerror(code)))"
        let hint = place?.hint(path, errno: code)
        switch code {
        case EACCES, EPERM, EROFS:
            self.init(message, hint: hint ?? "check who owns the folder and its mode", exitCode: ExitStatus.noPermission)
        default: self.init(message, hint: hint, exitCode: place == nil ? ExitStatus.inputOutput : ExitStatus.cannotCreate)
        }
    }
}
