/// The part of the compiler that a code belongs to: the first two digits of its number.
public enum DiagnosticStage: String, Sendable, CaseIterable {
    case files = "00"
    case yaml = "01"
    case json = "02"
    case shape = "03"
    case values = "04"
    case references = "05"
    case environment = "06"
    case deprecation = "07"
    case pitfalls = "08"
    case plan = "09"
    case program = "99"

    /// As reports name it.
    public var title: String {
        switch self {
        case .files: "files"
        case .yaml: "YAML and limits"
        case .json: "JSON"
        case .shape: "keys and types"
        case .values: "values"
        case .references: "references"
        case .environment: "environment and secrets"
        case .deprecation: "deprecation"
        case .pitfalls: "pitfalls"
        case .plan: "plan"
        case .program: "program"
        }
    }
}

extension DiagnosticCode {
    /// A test holds that every code's number begins with a stage.
    public var stage: DiagnosticStage { DiagnosticStage(rawValue: String(rawValue.dropFirst(2).prefix(2))) ?? .program }

    /// The code that `text` names, in any case of letters.
    public init?(named text: some StringProtocol) { self.init(rawValue: text.uppercased()) }

    /// The code that was probably meant by a text that names none: `301`, `AC301`, or one slip away.
    public static func nearest(to text: some StringProtocol) -> DiagnosticCode? {
        let digits = text.filter { ("0"..."9").contains($0) }
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        if !digits.isEmpty, let code = DiagnosticCode(rawValue: "AC\(padded)") { return code }
        guard text.utf8.count <= 16 else { return nil }
        let word = Array(text.uppercased().utf8)
        return allCases.first { Spelling.distance(Array($0.rawValue.utf8), word) == 1 }
    }
}
