import Control
import JSON
import LaunchPlan

/// Asks what a plan would find on this machine: the supervisor of the instance, which has its own environment; where none runs, its program
/// once, as an apply would start it.
struct PreflightQuery {
    enum Answer {
        case report(PreflightReport)
        /// Nobody could be asked, and why.
        case unavailable(CommandError)
    }

    /// Some files are read, and no network is.
    private static let timeoutMs = 20_000
    private static let longestAnswer = 8 << 20

    let session: Session
    /// Ask no supervisor.
    var offline = false
    var replace = false

    func ask(_ envelope: PlanEnvelope, _ plan: LaunchPlan, configDirectory: String) -> Answer {
        let request = ApplyRequest(envelope, plan: plan, configDirectory: configDirectory, session: session, replace: replace)
        do {
            if !offline, let supervisor = try session.findSupervisor(plan.instance) {
                session.debug(1, "asking the supervisor at \(supervisor.socket)")
                return .report(try supervisor.client.preflight(request))
            }
            return .report(try askProgram(request, plan.instance))
        } catch let error as ControlClientError where error.kind == .refused(status: 404) {
            return .unavailable(
                CommandError(
                    "the supervisor that runs is of an older version, which cannot be asked", hint: "restart it: `anyclaude down`, `anyclaude apply`",
                    exitCode: ExitStatus.precondition))
        } catch let error as ControlClientError {
            return .unavailable(CommandError(error))
        } catch let error as CommandError {
            return .unavailable(error)
        } catch {
            return .unavailable(CommandError("\(error)", exitCode: ExitStatus.internalError))
        }
    }

    private func askProgram(_ request: ApplyRequest, _ instance: String) throws -> PreflightReport {
        let program = try SupervisorLauncher.path(session.caller)
        session.debug(1, "asking \(program) --preflight")
        let answer = try ChildProcess.exchange(
            [program, "--instance", instance, "--preflight"], environment: session.caller.environment, input: try JSON(encoding: request).bytes,
            maximum: Self.longestAnswer, timeoutMs: Self.timeoutMs)
        guard answer.ending == .exited(ExitStatus.success) else {
            let error: ControlError? = try? JSON(parsing: answer.output).decode()
            throw CommandError(
                error?.message ?? "\(program) --preflight ended with \(answer.ending)", hint: error?.hint,
                exitCode: error.map { Int32($0.exitCode) } ?? ExitStatus.internalError)
        }
        do {
            return try JSON(parsing: answer.output).decode()
        } catch {
            throw CommandError(
                "the answer of \(program) is not what it should be: \(error)", hint: "the programs of anyclaude must be of one version",
                exitCode: ExitStatus.internalError)
        }
    }
}
