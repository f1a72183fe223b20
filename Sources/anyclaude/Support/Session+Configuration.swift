import ConfigCompiler
import Control
import Diagnostics
import LaunchPlan

/// A configuration that has become a plan.
struct CompiledConfiguration {
    /// As messages call it.
    var file: String
    /// Its folder, absolute: the root `config` of the plan's paths.
    var directory: String
    var plan: LaunchPlan
    var provenance: Provenance
    var decisions: [WorkerDecision]
    var origins: ValueOrigins?
}

extension Session {
    /// The file of `-f`, else the one in the current folder; nil where there is none.
    func configurationPath() -> String? {
        if let file = options.file { return file }
        return (try? ConfigurationFile.find(in: ""))?.path
    }

    /// - Throws: where there is none, with where it was looked for.
    func requireConfigurationPath() throws(CommandError) -> String {
        if let file = options.file { return file }
        do throws(ConfigFileError) {
            return try ConfigurationFile.find(in: "").path
        } catch {
            throw CommandError(
                "no configuration in \(caller.directory)",
                hint: "looked for \(ConfigurationFile.names.joined(separator: ", ")); write one, go to its folder, or name it with -f FILE",
                exitCode: ExitStatus.noInput)
        }
    }

    /// Compiles `path` with the flags and variables of this call. Diagnostics go to standard error.
    ///
    /// - Throws: exit code 1 where the file has errors (78 when started as a service).
    func compile(_ path: String, overrides: [Override] = []) throws(CommandError) -> CompiledConfiguration {
        try compile(source(path), path, overrides: overrides)
    }

    /// The same for a text that was read from `path`.
    func compile(_ source: SourceFile, _ path: String, overrides: [Override] = []) throws(CommandError) -> CompiledConfiguration {
        let compilation = compilation(of: source, path, overrides: overrides)
        show(compilation)
        guard let plan = compilation.plan, !compilation.hasErrors else {
            throw CommandError(nil, exitCode: caller.isService ? ExitStatus.configuration : ExitStatus.diagnostics)
        }
        return CompiledConfiguration(
            file: path, directory: directory(of: path), plan: plan, provenance: compilation.provenance, decisions: compilation.decisions,
            origins: compilation.origins)
    }

    func compilation(of path: String, overrides: [Override] = []) throws(CommandError) -> Compilation {
        compilation(of: try source(path), path, overrides: overrides)
    }

    func source(_ path: String) throws(CommandError) -> SourceFile {
        do throws(ConfigFileError) {
            return try ConfigurationFile.read(path)
        } catch {
            throw CommandError(error)
        }
    }

    /// What is to be reported of a text that was read from `path`.
    ///
    /// - Parameter query: asked what a plan of it would find on this machine, where the text has no error.
    /// - Returns: with the reason where the machine could not be asked.
    func findings(
        in source: SourceFile, _ path: String, _ policy: DiagnosticPolicy, asking query: PreflightQuery? = nil
    ) -> (findings: Findings, unasked: CommandError?) {
        let compilation = compilation(of: source, path)
        func findings(_ compilation: Compilation) -> Findings {
            Findings(path: source.path, diagnostics: policy.apply(to: compilation.diagnostics), sources: compilation.sources)
        }
        let own = findings(compilation)
        guard let query, let plan = compilation.plan, !own.diagnostics.hasErrors else { return (own, nil) }
        do {
            let base = try basePlan(plan.instance)
            let envelope = try PlanEnvelope(plan: plan, basePlanId: base?.envelope.planId, provenance: compilation.provenance)
            switch query.ask(envelope, plan, configDirectory: directory(of: path)) {
            case .report(let report): return (findings(compilation.adding(report)), nil)
            case .unavailable(let error): return (own, error)
            }
        } catch let error as CommandError {
            return (own, error)
        } catch let error as ControlClientError {
            return (own, CommandError(error))
        } catch {
            return (own, CommandError("\(error)", exitCode: ExitStatus.internalError))
        }
    }

    /// The folder that the paths of a configuration are relative to.
    private func directory(of path: String) -> String { path == "-" ? caller.directory : Paths.directory(of: caller.absolute(path)) }

    private func compilation(of source: SourceFile, _ path: String, overrides: [Override] = []) -> Compilation {
        let flags = (options.instance.map { [Override.instance($0)] } ?? []) + overrides
        debug(1, "compiling \(path)")
        let directory = directory(of: path)
        var compilation = Compiler.compile(
            CompilerInput(
                file: source, overrides: Overrides(flags: flags, environment: caller.environment), includes: .folder(directory)))
        compilation.diagnostics = (shadowed(by: path) + compilation.diagnostics).sortedForReport()
        return compilation
    }

    /// A file that was found, not named, may stand before others.
    private func shadowed(by path: String) -> [Diagnostic] {
        guard options.file == nil, let found = try? ConfigurationFile.find(in: ""), found.path == path else { return [] }
        return found.shadowed.map { Diagnostic(.shadowedFile, "\($0) is not read: \(path) goes before it") }
    }

    func show(_ compilation: Compilation) {
        guard !compilation.diagnostics.isEmpty else { return }
        let renderer = TextRenderer(color: errorStyle.isColored, width: Terminal.width(2))
        Output.note(renderer.render(compilation.diagnostics, compilation.sources), terminator: "")
    }

    /// The stack that a command without a plan of its own means: `--instance`, else what the configuration here says, else `default`.
    /// - Parameter file: a configuration that the command names by itself.
    func instanceName(of file: String? = nil) -> String {
        if let name = options.instance { return name }
        guard let path = file ?? configurationPath(), path != "-", let compilation = try? compilation(of: path) else { return "default" }
        return compilation.plan?.instance ?? "default"
    }
}
