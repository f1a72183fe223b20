/// The exit codes that scripts and units rely on (facts/config-and-plan.md, "Exit codes").
enum ExitStatus {
    static let success: Int32 = 0
    /// Of the configuration; of a service that `restart` did not see ready.
    static let diagnostics: Int32 = 1
    /// Of `diff`, and of `plan --detailed-exitcode`: all is well, and there are changes.
    static let changes: Int32 = 2
    static let precondition: Int32 = 3
    static let rolledBack: Int32 = 4
    static let rollbackFailed: Int32 = 5
    static let tampered: Int32 = 6
    static let usage: Int32 = 64
    static let noInput: Int32 = 66
    static let internalError: Int32 = 70
    static let cannotCreate: Int32 = 73
    static let inputOutput: Int32 = 74
    static let noPermission: Int32 = 77
    /// The configuration is wrong, and the command was started as a service: it must not be started again as it is.
    static let configuration: Int32 = 78
}
