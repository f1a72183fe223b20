import ConfigCompiler
import Control
import LaunchPlan

/// Applying a plan: what `apply` and `run` share.
struct StackApplier {
    let session: Session
    var replace = false
    var timeoutMs: Int?
    var json = false

    /// Sends the plan to the supervisor and follows it to its end.
    ///
    /// A supervisor that this command started, and that has nothing to run after a refused or failed first apply, is ended again.
    func apply(_ envelope: PlanEnvelope, _ plan: LaunchPlan, configDirectory: String, to supervisor: RunningSupervisor) throws -> Outcome {
        let request = ApplyRequest(envelope, plan: plan, configDirectory: configDirectory, session: session, replace: replace, timeoutMs: timeoutMs)
        do {
            var runner = ProgressRunner(client: supervisor.client, reporter: ProgressReporter(json: json, session: session))
            let outcome = try runner.follow(try supervisor.client.apply(request))
            if outcome.exitCode != 0 { endIfEmpty(supervisor) }
            return outcome
        } catch {
            endIfEmpty(supervisor)
            throw error
        }
    }

    private func endIfEmpty(_ supervisor: RunningSupervisor) {
        guard supervisor.isOurs else { return }
        do {
            guard try supervisor.client.currentPlan() == nil else { return }
            let events = try supervisor.client.down(DownRequest(command: session.commandText))
            let deadline = Deadline.after(milliseconds: 60_000)
            while case .event(let event) = try events.step(by: deadline), event.outcome == nil {}
        } catch {
            session.debug(1, "the supervisor that was started for this could not be ended: \(error)")
        }
    }
}
