/// One finding about a file: what is wrong, where, why, and how to put it right.
public struct Diagnostic: Sendable, Equatable {
    public enum Severity: String, Sendable, Comparable, CaseIterable {
        case note, warning, error

        public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// A second place that belongs to the finding, and what it has to do with it.
    public struct Secondary: Sendable, Equatable {
        public var span: SourceSpan
        public var label: String

        public init(_ span: SourceSpan, _ label: String) {
            self.span = span
            self.label = label
        }
    }

    public var code: DiagnosticCode
    public var severity: Severity
    /// What is wrong in this case, lower case, without a full stop.
    public var message: String
    /// Nil where a finding has no place in a file (a missing file, a variable of the environment).
    public var primary: SourceSpan?
    /// What is said under the primary place.
    public var label: String
    public var secondary: [Secondary]
    public var notes: [String]
    public var fixes: [Fix]
    /// The JSON Pointer of the value in question, where there is one.
    public var path: String?

    public init(
        _ code: DiagnosticCode, _ message: String, at primary: SourceSpan? = nil, label: String = "", secondary: [Secondary] = [],
        notes: [String] = [],
        fixes: [Fix] = [], path: String? = nil
    ) {
        self.code = code
        self.severity = code.page.severity
        self.message = message
        self.primary = primary
        self.label = label
        self.secondary = secondary
        self.notes = notes
        self.fixes = fixes
        self.path = path
    }
}

/// A change that removes the cause of a diagnostic.
public struct Fix: Sendable, Equatable {
    public enum Applicability: String, Sendable {
        /// Means what the author surely meant; may be applied without asking.
        case safe
        /// Probably right; a person decides.
        case suggestion
        /// Has parts to fill in.
        case placeholder
    }

    public struct Edit: Sendable, Equatable {
        public var span: SourceSpan
        public var text: String

        public init(_ span: SourceSpan, _ text: String) {
            self.span = span
            self.text = text
        }
    }

    public var description: String
    public var applicability: Applicability
    /// In the order of the file, without overlaps; empty where the remedy is not an edit.
    public var edits: [Edit]

    public init(_ description: String, _ applicability: Applicability, edits: [Edit] = []) {
        self.description = description
        self.applicability = applicability
        self.edits = edits
    }
}

extension [Diagnostic] {
    public var hasErrors: Bool { contains { $0.severity == .error } }

    /// In the order of the files, then of the places, then of the codes; findings without a place first. Equal ones once.
    public func sortedForReport() -> [Diagnostic] {
        var result: [Diagnostic] = []
        for diagnostic in enumerated().sorted(by: { Self.precedes($0, $1) }).map(\.element) where result.last != diagnostic {
            result.append(diagnostic)
        }
        return result
    }

    private static func precedes(_ left: (offset: Int, element: Diagnostic), _ right: (offset: Int, element: Diagnostic)) -> Bool {
        switch (left.element.primary, right.element.primary) {
        case (nil, .some): return true
        case (.some, nil): return false
        case (let first?, let second?) where first != second: return first < second
        default:
            if left.element.code != right.element.code { return left.element.code.rawValue < right.element.code.rawValue }
            return left.offset < right.offset
        }
    }
}
