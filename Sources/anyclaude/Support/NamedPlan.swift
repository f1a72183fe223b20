import ConfigCompiler
import Control
import JSON
import LaunchPlan

/// A plan that a command was given by name: a saved one, a generation of the instance, or a configuration that is compiled now.
struct NamedPlan {
    /// As messages call it.
    var title: String
    var envelope: PlanEnvelope
    var plan: LaunchPlan
    /// Of a generation: its number and where its roots are bound.
    var generation: Int?
    var bindings: [String: String]?

    init(title: String, envelope: PlanEnvelope, plan: LaunchPlan) {
        self.title = title
        self.envelope = envelope
        self.plan = plan
    }

    init(_ stored: CurrentPlan, title: String) throws(CommandError) {
        do throws(PlanEnvelope.Refusal) {
            self.init(title: title, envelope: stored.envelope, plan: try stored.envelope.verified())
        } catch {
            throw CommandError(error, file: title)
        }
        generation = stored.generation
        bindings = stored.bindings
    }
}

extension Session {
    /// - Parameters:
    ///   - name: a file, `-` for standard input, the number of a generation, or `current`; `./3` is a file.
    ///   - takesConfiguration: whether a file that is no plan is compiled.
    func namedPlan(_ name: String, takesConfiguration: Bool = false) throws -> NamedPlan {
        if name == "current" { return try currentPlan() }
        if let number = Int(name), name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return try generation(number) }
        guard takesConfiguration else {
            let (envelope, plan) = try PlanFile.read(name)
            return NamedPlan(title: name == "-" ? "<stdin>" : name, envelope: envelope, plan: plan)
        }
        let bytes = name == "-" ? try Files.readStandardInput() : try Files.read(name)
        if PlanFile.isPlan(bytes) {
            let title = name == "-" ? "<stdin>" : name
            let (envelope, plan) = try PlanFile.plan(in: bytes, name: title)
            return NamedPlan(title: title, envelope: envelope, plan: plan)
        }
        let source = name == "-" ? SourceFile(path: "<stdin>", bytes: bytes) : try source(name)
        guard source.bytes.count <= ConfigurationFile.defaultMaximumBytes else {
            throw CommandError(
                "\(source.path) is neither a saved plan nor a configuration: it has more than \(ConfigurationFile.defaultMaximumBytes) bytes",
                exitCode: ExitStatus.diagnostics)
        }
        let compiled = try compile(source, name)
        let envelope = try PlanEnvelope(plan: compiled.plan, basePlanId: nil, provenance: compiled.provenance)
        return NamedPlan(title: source.path, envelope: envelope, plan: compiled.plan)
    }

    private func currentPlan() throws -> NamedPlan {
        let name = instanceName()
        guard let current = try currentPlan(name) else {
            throw CommandError(
                "nothing has been applied yet to the instance `\(name)`", hint: "`anyclaude apply` does it", exitCode: ExitStatus.precondition)
        }
        return try NamedPlan(current, title: "generation \(current.generation)")
    }

    private func generation(_ number: Int) throws -> NamedPlan {
        let name = instanceName()
        let isSystem = try findSupervisor(name)?.isSystem ?? false
        let state = isSystem ? Instance.systemState : instance(name).state
        return try NamedPlan(try StoredGeneration.numbered(number, state: state), title: "generation \(number)")
    }
}

extension Instance {
    /// The state of the machine's own stack (`StateDirectory=` of its unit).
    static let systemState = "/var/lib/anyclaude"
}
