import Diagnostics

/// Why a text is not a value of a type; `message` goes on after the key's name.
struct ValueFault: Error {
    var code: DiagnosticCode
    var message: String
    var notes: [String]
    /// What to write instead, and how sure that is.
    var replacement: (text: String, applicability: Fix.Applicability)?

    init(_ code: DiagnosticCode, _ message: String, notes: [String] = [], replacement: (text: String, applicability: Fix.Applicability)? = nil) {
        self.code = code
        self.message = message
        self.notes = notes
        self.replacement = replacement
    }
}
