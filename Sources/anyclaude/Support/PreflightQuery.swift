import Control
import Host
import LaunchPlan
import Preflight

/// Asks what a plan would find on this machine: the supervisor of the instance, which has its own environment; where none runs, this program
/// looks itself, as the supervisor that an apply would start.
struct PreflightQuery {
    enum Answer {
        case report(PreflightReport)
        /// Nobody could be asked, and why.
        case unavailable(CommandError)
    }

    let session: Session
    /// Ask no supervisor.
    var offline = false
    var replace = false

    func ask(_ envelope: PlanEnvelope, _ plan: LaunchPlan, configDirectory: String) -> Answer {
        let request = ApplyRequest(envelope, plan: plan, configDirectory: configDirectory, session: session, replace: replace)
        do {
            if !offline, let report = try report(request, plan.instance) { return .report(report) }
            let instance = Instance(name: plan.instance, environment: session.caller.environment)
            return .report(try LonePreflight(instance: instance).report(plan, request))
        } catch let error as ControlClientError where error.kind == .refused(status: 404) {
            return .unavailable(
                CommandError(
                    "the supervisor that runs is of an older version, which cannot be asked", hint: "restart it: `anyclaude down`, `anyclaude apply`",
                    exitCode: ExitStatus.precondition))
        } catch let error as ControlClientError {
            return .unavailable(CommandError(error))
        } catch let error as CommandError {
            return .unavailable(error)
        } catch let error as OperationError {
            return .unavailable(CommandError(error))
        } catch {
            return .unavailable(CommandError("\(error)", exitCode: ExitStatus.internalError))
        }
    }

    /// Nil where no supervisor runs.
    private func report(_ request: ApplyRequest, _ instance: String) throws(ControlClientError) -> PreflightReport? {
        try session.ask(instance) { socket, client throws(ControlClientError) in
            session.debug(1, "asking the supervisor at \(socket.path)")
            return try client.preflight(request)
        }
    }
}
