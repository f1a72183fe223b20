import Diagnostics

/// What an older configuration becomes: a new text, the changes with their reasons, and the secrets that leave it.
///
/// A pure function of the text: nothing is written here. Comments and the order of keys stay. Each change was checked on its own
/// merits: the text after it has no finding that it did not have before, but of values that nobody had looked at since their key was
/// misspelt, and, save for changes of engine, the same launch plan.
public struct Migration: Sendable {
    public struct Options: Sendable {
        /// Leaves `serverScript` as it is.
        public var keepsScripts = false
        /// The folder for secrets, as the configuration writes it: absolute or `~/…`, since a relative path would be another one for whoever
        /// includes the file.
        public var secretFolder = Self.defaultSecretFolder
        /// The stack's name, where the file does not say it.
        public var instance: String?
        /// Whether a secret can have the file that it names: nothing is there, or the same secret.
        public var isAvailable: @Sendable (Secret) -> Bool = { _ in true }

        public static let defaultSecretFolder = "~/.anyclaude/secrets"

        public init() {}
    }

    /// One step, in the words of the report.
    public struct Change: Sendable, Equatable {
        /// Of the finding that it removes; nil for a change that no finding asks for.
        public var code: DiagnosticCode?
        /// Dotted, as `backends.vllm-mlx.serverScript`.
        public var key: String
        /// What is done, as `write \`engine: mlx-textgen\``.
        public var action: String
        public var reason: String
        /// In the old text.
        public var place: SourcePosition
    }

    /// A secret in clear text that goes into a file of its own.
    public struct Secret: Sendable, Equatable {
        public var key: String
        /// As the new text has it.
        public var path: String
        public var value: String

        /// A line: readers of secret files take one line break at the end for the file's.
        public var contents: [UInt8] { Array("\(value)\n".utf8) }
    }

    /// Why there is nothing to migrate to.
    public enum Refusal: Error {
        /// The text cannot be read as a configuration at all.
        case unreadable(Findings)
        /// A file of shell variables, which the earliest tool sourced; its variables.
        case shellFile([String])
        /// The rules do not come to an end: a defect.
        case endless
    }

    public internal(set) var bytes: [UInt8]
    /// The old text with the secrets already moved: as good a configuration as the old one, and safe to leave lying about unless it holds
    /// others.
    public internal(set) var withoutSecrets: [UInt8]
    /// Whether something in `withoutSecrets` is a secret, or looks like one.
    public internal(set) var isSecretLeftInOld: Bool
    public internal(set) var changes: [Change] = []
    public internal(set) var secrets: [Secret] = []
    /// Secrets that did not move, and what looks like one, in the order of the new text: the first hundred.
    public internal(set) var remainders: [Remainder]
    /// Of all of them.
    public internal(set) var remainderCount: Int
    /// What was left, and why.
    public internal(set) var notes: [String] = []
    public internal(set) var before: Findings
    public internal(set) var after: Findings

    public init(_ file: SourceFile, includes: IncludeReader = .none, options: Options = Options()) throws(Refusal) {
        if let names = ShellFile.variables(in: file) { throw .shellFile(names) }
        var state = MigrationState(file, includes, options)
        guard state.isReadable else { throw .unreadable(state.findings) }
        before = state.findings
        try state.run([SecretRule.self])
        // A name that is put right may bring a secret to light.
        try state.run([SecretRule.self, SafeFixRule.self, KeyRule.self, UnusedKeyRule.self, PlaceholderRule.self, PortRule.self])
        if !options.keepsScripts { try state.run([ScriptRule.self]) }
        bytes = state.bytes
        withoutSecrets = state.withoutSecrets
        isSecretLeftInOld = state.holdsSecretsWithoutMoved
        (remainders, remainderCount) = state.remainders
        changes = state.changes
        secrets = state.secrets
        after = state.findings
        notes = state.notes
        if after.sources.files.count > 1 { notes.append("files that are included are not changed: migrate each on its own") }
    }
}
