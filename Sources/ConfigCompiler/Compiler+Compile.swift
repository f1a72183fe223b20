import Diagnostics
import JSON
import LaunchPlan

/// The compiler: source, syntax tree, configuration, launch plan; each stage a value, nothing read but the input.
public enum Compiler {
    /// Everything that is wrong is said in one run. There is a plan exactly where nothing is an error.
    public static func compile(_ input: CompilerInput) -> Compilation {
        var run = Run()
        run.compile(input)
        let reported = run.reported.sortedForReport()
        // A file without a finding is never shown.
        if !reported.isEmpty { run.hideSecrets() }
        return Compilation(
            plan: run.diagnostics.hasErrors ? nil : run.plan, provenance: run.provenance, decisions: run.decisions,
            diagnostics: reported.withoutSecrets(of: run.sources), sources: run.sources, origins: run.diagnostics.hasErrors ? nil : run.origins,
            keys: run.keys, comments: run.comments, documents: run.documents)
    }

    private struct Run {
        var sources = SourceMap()
        var diagnostics: [Diagnostic] = []
        var plan: LaunchPlan?
        var provenance = Provenance(tool: "anyclaude")
        var decisions: [WorkerDecision] = []
        var origins: ValueOrigins?
        var keys = KeyPlaces()
        var comments: AllowComments?
        private var replaced: [TreeMerge.Replaced] = []
        private(set) var documents: [SyntaxNode] = []

        mutating func hideSecrets() { SecretMasks.apply(documents, to: &sources) }

        /// Without what comments of the files allow.
        var reported: [Diagnostic] {
            guard let comments else { return diagnostics }
            return comments.apply(to: diagnostics.keepingProperties(sources), isWhole: !diagnostics.hasErrors && plan != nil)
        }

        mutating func compile(_ input: CompilerInput) {
            guard let tree = tree(input), let section = checked(tree) else { return }
            var overriding = OverrideApplication(section)
            overriding.apply(input.overrides)
            diagnostics += overriding.diagnostics
            var resolution = ReferenceResolution(isFaulty: diagnostics.hasErrors)
            let configuration = resolution.configuration(overriding.file)
            diagnostics += resolution.diagnostics
            guard let configuration else { return }
            var cross = CrossChecks(configuration)
            cross.run()
            diagnostics += cross.diagnostics
            var dependencies = DependencyChecks(configuration)
            dependencies.run()
            diagnostics += dependencies.diagnostics
            keys = KeyPlaces(configuration.file)
            let builder = PlanBuilder(configuration)
            decisions = builder.decisions
            guard !diagnostics.hasErrors else { return }
            do {
                let plan = try builder.plan()
                self.plan = plan
                ProvenanceBuilder(configuration: configuration, logRivals: builder.logRivals, sources: sources).complete(&provenance)
                origins = ValueOrigins(
                    configuration: configuration, given: section, overrides: overriding.applied, replaced: replaced, plan: plan,
                    provenance: provenance, sources: sources)
            } catch {
                diagnostics.append(Diagnostic(.internalError, "the plan cannot be encoded: \(error)"))
            }
        }

        private mutating func tree(_ input: CompilerInput) -> SyntaxNode? {
            var inclusion = Inclusion(reader: input.includes, root: input.file.path)
            let tree = inclusion.tree(of: input.file)
            sources = inclusion.sources
            replaced = inclusion.replaced
            documents = inclusion.documents
            diagnostics += inclusion.diagnostics
            provenance = Provenance(tool: "anyclaude", files: sources.files.map { Provenance.File(path: $0.path, contents: $0.bytes) })
            guard let tree else { return nil }
            comments = AllowComments(sources, tree: tree)
            var cluster = ClusterNodes()
            let expanded = cluster.expand(tree)
            diagnostics += cluster.diagnostics
            return expanded
        }

        private mutating func checked(_ tree: SyntaxNode) -> Section? {
            var checker = Checker(sources: sources)
            let section = checker.file(tree)
            diagnostics += checker.diagnostics
            sources.mask(checker.masks)
            return section
        }
    }
}
