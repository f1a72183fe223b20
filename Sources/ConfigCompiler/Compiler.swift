import Diagnostics
import JSON
import LaunchPlan

/// The bytes of a configuration and the name by which messages call it.
public struct SourceFile: Sendable {
    /// As the user wrote it; its extension decides between YAML and JSON.
    public var path: String
    public var bytes: [UInt8]

    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// Everything that a plan depends on, as a value: the same input gives the same bytes.
public struct CompilerInput: Sendable {
    public var file: SourceFile
    public var overrides: Overrides

    public init(file: SourceFile, overrides: Overrides = Overrides()) {
        self.file = file
        self.overrides = overrides
    }
}

/// What the compiler found: a plan where the file has no error, and all diagnostics of one run.
public struct Compilation: Sendable {
    /// Nil where there are errors.
    public var plan: LaunchPlan?
    public var provenance: Provenance
    /// Which backends are workers of this machine, and why; in the order of the file.
    public var decisions: [WorkerDecision]
    /// Sorted for a report.
    public var diagnostics: [Diagnostic]
    public var sources: SourceMap
    public var hasErrors: Bool { diagnostics.hasErrors }

    public init(
        plan: LaunchPlan?, provenance: Provenance, decisions: [WorkerDecision] = [], diagnostics: [Diagnostic], sources: SourceMap
    ) {
        self.plan = plan
        self.provenance = provenance
        self.decisions = decisions
        self.diagnostics = diagnostics
        self.sources = sources
    }
}

/// Whether a backend is a worker of this machine.
public struct WorkerDecision: Sendable, Equatable {
    public var backend: String
    /// The engine that is started; nil where none is.
    public var engine: String?
    /// In words, as `model is a path` or `its baseUrl is on another machine`.
    public var reason: String

    public init(backend: String, engine: String?, reason: String) {
        self.backend = backend
        self.engine = engine
        self.reason = reason
    }
}
