import Diagnostics

extension Diagnostic {
    /// A file that could not be taken, as one finding of a report.
    public init(_ error: ConfigFileError) { self.init(error.code, error.message, notes: [error.hint]) }
}
