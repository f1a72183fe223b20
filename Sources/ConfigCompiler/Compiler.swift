import Diagnostics
import JSON
import LaunchPlan

/// Everything that a plan depends on, as a value: the same input gives the same bytes.
public struct CompilerInput: Sendable {
    public var file: SourceFile
    public var overrides: Overrides
    /// Where `include` reads from.
    public var includes: IncludeReader

    public init(file: SourceFile, overrides: Overrides = Overrides(), includes: IncludeReader = .none) {
        self.file = file
        self.overrides = overrides
        self.includes = includes
    }
}

/// What the compiler found: a plan where the file has no error, and all diagnostics of one run.
public struct Compilation: Sendable {
    /// Nil where there are errors.
    public var plan: LaunchPlan?
    public var provenance: Provenance
    /// Which backends are workers of this machine, and why; sorted by name.
    public var decisions: [WorkerDecision]
    /// Sorted for a report.
    public var diagnostics: [Diagnostic]
    public var sources: SourceMap
    /// Where each value came from, for those who ask; nil where there is no plan.
    public var origins: ValueOrigins?
    /// Where keys stand.
    public var keys: KeyPlaces
    /// What comments of the files allow.
    let comments: AllowComments?
    /// What was read of the files: where secrets stand is looked for only where something is shown.
    private let documents: [SyntaxNode]
    public var hasErrors: Bool { diagnostics.hasErrors }

    init(
        plan: LaunchPlan?, provenance: Provenance, decisions: [WorkerDecision] = [], diagnostics: [Diagnostic], sources: SourceMap,
        origins: ValueOrigins? = nil, keys: KeyPlaces = KeyPlaces(), comments: AllowComments? = nil, documents: [SyntaxNode] = []
    ) {
        self.plan = plan
        self.provenance = provenance
        self.decisions = decisions
        self.diagnostics = diagnostics
        self.sources = sources
        self.origins = origins
        self.keys = keys
        self.comments = comments
        self.documents = documents
    }

    /// The files with everything hidden that is a secret or looks like one, whether or not there is a finding.
    var hiddenSources: SourceMap {
        var hidden = sources
        SecretMasks.apply(documents, to: &hidden)
        return hidden
    }
}
