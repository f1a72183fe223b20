import ConfigCompiler
import Control
import LaunchPlan

/// Brings up the stack that `run` needs, and counts this command as one of its clients.
struct StackStarter {
    let session: Session
    /// What goes before the file.
    var overrides: [Override] = []
    var replace = false

    func start() throws -> (stack: StackClient, attachment: Attachment) {
        guard let path = session.configurationPath() else { return try useRunning() }
        if options.file == nil, overrides.isEmpty, let system = try systemStack() { return system }
        let compiled = try session.compile(path, overrides: overrides)
        let (supervisor, attachment) = try attach(compiled.plan.instance)
        let base = try supervisor.client.currentPlan()
        let envelope = try PlanEnvelope(plan: compiled.plan, basePlanId: base?.envelope.planId, provenance: compiled.provenance)
        if try base?.envelope.planId != envelope.planId || !isHealthy(supervisor) {
            let applier = StackApplier(session: session, replace: replace, stays: false)
            let outcome = try applier.apply(envelope, compiled.plan, configDirectory: compiled.directory, to: supervisor)
            if let outcome, outcome.exitCode != 0 {
                outcome.report(session, done: "")
                throw CommandError(nil, exitCode: Int32(outcome.exitCode))
            }
        }
        return (try StackClient.current(of: supervisor), attachment)
    }

    private var options: any CommonOptions { session.options }

    /// What is applied already runs: nothing is to be sent. A supervisor that has just adopted or started it may still wait for it.
    private func isHealthy(_ supervisor: RunningSupervisor) throws -> Bool {
        let services = try supervisor.client.status().services
        return !services.isEmpty && services.allSatisfy { $0.state == .ready || $0.state == .idle }
    }

    /// Without a configuration, the stack that runs is the one that is meant.
    private func useRunning() throws -> (StackClient, Attachment) {
        let name = options.instance ?? Instance.defaultName
        guard let supervisor = try session.findSupervisor(name) else {
            _ = try session.requireConfigurationPath()
            throw CommandError("no stack runs", exitCode: ExitStatus.precondition)
        }
        let stack = try StackClient.current(of: supervisor)
        return (stack, try Attachment(session: session, supervisor: supervisor, instance: name))
    }

    /// The machine's own stack, where there is one with a plan: a user's command uses it and does not change it.
    private func systemStack() throws -> (StackClient, Attachment)? {
        let name = session.instanceName()
        guard let supervisor = try session.findSupervisor(name), supervisor.isSystem, try supervisor.client.currentPlan() != nil else { return nil }
        return (try StackClient.current(of: supervisor), try Attachment(session: session, supervisor: supervisor, instance: name))
    }

    /// As long as a service may take to stop where its configuration does not say more, and a little.
    private static let endingTimeoutMs = 60_000

    /// Attached before anything is applied: a supervisor that ends with its last client must not end while a model loads.
    private func attach(_ name: String) throws -> (RunningSupervisor, Attachment) {
        let deadline = Deadline.after(milliseconds: Self.endingTimeoutMs)
        var isTold = false
        while true {
            let supervisor = try session.supervisor(name, untilIdle: true)
            do throws(ControlClientError) {
                return (supervisor, try Attachment(session: session, supervisor: supervisor, instance: name))
            } catch {
                // The one that was found is just ending with its last client: another can be started when it has gone.
                guard [.unreachable, .disconnected, .refused(status: 409)].contains(error.kind), !deadline.hasPassed else { throw error }
                if !isTold { Output.note("waiting for the end of the stack that is stopping") }
                isTold = true
                Pause.briefly()
            }
        }
    }
}
