import ConfigCompiler
import Control
import LaunchPlan

/// Applying a plan: what `apply` and `run` share.
struct StackApplier {
    let session: Session
    var replace = false
    var timeoutMs: Int?
    var json = false
    /// Whether the stack outlives its clients from here on.
    var stays = true
    var waits = true

    /// Sends the plan to the supervisor and follows it to its end.
    ///
    /// - Returns: nil where it does not wait and the change has begun.
    ///
    /// A supervisor that this command started, and that has nothing to run after a refused or failed apply, is ended again.
    func apply(_ envelope: PlanEnvelope, _ plan: LaunchPlan, configDirectory: String, to supervisor: RunningSupervisor) throws -> Outcome? {
        let request = ApplyRequest(
            envelope, plan: plan, configDirectory: configDirectory, session: session, replace: replace, timeoutMs: timeoutMs, stays: stays)
        do {
            var runner = ProgressRunner(client: supervisor.client, reporter: ProgressReporter(json: json, session: session))
            let outcome = try runner.follow(try supervisor.client.apply(request), untilBegun: !waits)
            if let outcome, outcome.exitCode != 0 { supervisor.endIfEmpty(session) }
            return outcome
        } catch {
            supervisor.endIfEmpty(session)
            throw error
        }
    }
}
