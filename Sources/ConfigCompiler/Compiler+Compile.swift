import Diagnostics
import JSON
import LaunchPlan

/// The compiler: source, syntax tree, configuration, launch plan; each stage a value, nothing read but the input.
public enum Compiler {
    /// Everything that is wrong is said in one run. There is a plan exactly where nothing is an error.
    public static func compile(_ input: CompilerInput) -> Compilation {
        var run = Run(input)
        run.compile(input)
        return Compilation(
            plan: run.diagnostics.hasErrors ? nil : run.plan, provenance: run.provenance, decisions: run.decisions,
            diagnostics: run.reported.sortedForReport(), sources: run.sources)
    }

    private struct Run {
        var sources = SourceMap()
        var diagnostics: [Diagnostic] = []
        var plan: LaunchPlan?
        var provenance: Provenance
        var decisions: [WorkerDecision] = []
        let file: FileID
        private var comments: AllowComments?

        /// Without what comments of the file allow.
        var reported: [Diagnostic] {
            guard let comments else { return diagnostics }
            return comments.apply(to: diagnostics.keepingProperties(sources), isWhole: !diagnostics.hasErrors && plan != nil)
        }

        init(_ input: CompilerInput) {
            file = sources.add(path: input.file.path, bytes: input.file.bytes)
            provenance = Provenance(tool: "anyclaude", files: [Provenance.File(path: input.file.path, contents: input.file.bytes)])
        }

        mutating func compile(_ input: CompilerInput) {
            guard let tree = tree(input.file), let section = checked(tree) else { return }
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
            let builder = PlanBuilder(configuration)
            decisions = builder.decisions
            guard !diagnostics.hasErrors else { return }
            do {
                plan = try builder.plan()
                provenance.inputs = ProvenanceBuilder(configuration: configuration, sources: sources).inputs()
            } catch {
                diagnostics.append(Diagnostic(.internalError, "the plan cannot be encoded: \(error)"))
            }
        }

        private mutating func tree(_ source: SourceFile) -> SyntaxNode? {
            let syntax = SyntaxTree.documents(of: source.bytes, file: file, format: SourceFormat(path: source.path))
            diagnostics += syntax.diagnostics
            if syntax.documents.isEmpty {
                for range in SecretScan.ranges(in: source.bytes) { sources.mask(SourceSpan(file, range)) }
            }
            guard let tree = syntax.documents.first else {
                if diagnostics.isEmpty { diagnostics.append(SyntaxTree.empty(file)) }
                return nil
            }
            if syntax.documents.count > 1 {
                let second = syntax.documents[1].span
                diagnostics.append(
                    Diagnostic(
                        .severalDocuments, "the file has \(syntax.documents.count) documents",
                        at: SourceSpan(file, second.start..<min(second.end, second.start + 1)),
                        label: "the second begins here"))
            }
            diagnostics += tree.duplicateKeys()
            comments = AllowComments(sources, tree: tree)
            return tree
        }

        private mutating func checked(_ tree: SyntaxNode) -> Section? {
            var checker = Checker(sources: sources)
            let section = checker.file(tree)
            diagnostics += checker.diagnostics
            for span in checker.masks { sources.mask(span) }
            return section
        }
    }
}
