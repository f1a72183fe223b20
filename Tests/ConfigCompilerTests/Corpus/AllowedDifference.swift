import Diagnostics
import JSON

/// What the checker refuses and the schema takes, each with the reason why a schema cannot say it. There is none the other way round.
enum AllowedDifference: String, CaseIterable {
    case rangeOfQuantity = "a pattern has no arithmetic: the range of a duration or size is the checker's"
    case backwardRange = "whether a range of processors runs backwards is arithmetic"
    case addressOfVersionSix = "a pattern has no grammar of addresses with colons: which of them are some is the checker's"
    case wholeFloat = "to JSON Schema 8788.0 and 1e3 are integers; the file language wants them written as such"
    case activeBackend = "which backend takes the requests follows from how many are enabled: a schema cannot count them"
    case dotsOfInclude = "where `.` and `..` lead is arithmetic on paths"
    case includedAgain = "a schema does not know the name of the file that it checks"

    /// The difference that explains these errors of a file that the schema takes; nil where none does.
    static func explaining(_ errors: [Diagnostic]) -> AllowedDifference? {
        guard let first = errors.first else { return nil }
        func all(_ condition: (Diagnostic) -> Bool) -> Bool { errors.allSatisfy(condition) }
        if all({ $0.code == .outOfRange && ($0.message.contains("too large") || $0.message.contains("is outside")) && isQuantity($0) }) {
            return .rangeOfQuantity
        }
        if all({ $0.code == .badQuantity && $0.message.contains("list of processors") }) { return .backwardRange }
        // What has no colon is refused by the schema too.
        if all({ $0.code == .badHost || ($0.code == .badURL && $0.message.contains("no usable host")) }) { return .addressOfVersionSix }
        if all({ $0.code == .notAnInteger || ($0.code == .wrongType && $0.message.contains("found a number")) }) { return .wholeFloat }
        if all({ $0.code == .missingKey && $0.path == "" }) { return .activeBackend }
        if first.code == .badInclude, all({ $0.code == .badInclude && ($0.message.contains("leaves") || $0.message.contains("does not name")) }) {
            return .dotsOfInclude
        }
        if all({ $0.code == .includeCycle }) { return .includedAgain }
        return nil
    }

    /// Whether the message gives the range with a unit.
    private static func isQuantity(_ diagnostic: Diagnostic) -> Bool {
        guard let last = diagnostic.message.unicodeScalars.last else { return false }
        return !("0"..."9").contains(last)
    }
}
