import Control
import Host
import LaunchPlan

/// A running stack as its clients need it: its address, its token, its current plan.
struct StackClient {
    var current: CurrentPlan
    var plan: LaunchPlan
    var address: StackAddress

    init(_ current: CurrentPlan) throws {
        self.current = current
        do throws(PlanEnvelope.Refusal) {
            plan = try current.envelope.verified()
        } catch {
            throw CommandError(error, file: "the current plan")
        }
        do throws(StackAddress.Absence) {
            address = try StackAddress(of: plan)
        } catch {
            throw CommandError("\(error)", hint: "add a `proxy` to the configuration and apply it", exitCode: ExitStatus.precondition)
        }
    }

    /// The current plan of the supervisor.
    static func current(of supervisor: RunningSupervisor) throws -> StackClient {
        guard let current = try supervisor.client.currentPlan() else {
            throw CommandError("nothing has been applied yet", hint: "`anyclaude apply` does it", exitCode: ExitStatus.precondition)
        }
        return try StackClient(current)
    }

    /// What the proxy wants to be shown; nil where it wants nothing.
    func token(_ caller: Caller) throws(CommandError) -> String? {
        switch address.token {
        case nil: return nil
        case .env(let name)?:
            guard let value = caller.environment[name], !value.isEmpty else {
                throw CommandError(
                    "the proxy asks for the token in \(name), which is not set here", hint: "export \(name)", exitCode: ExitStatus.precondition)
            }
            return value
        case .file(let path)?:
            do throws(OperationError) {
                return try SecretStore.contents(of: path, PlanPath.Bindings(named: current.bindings))
            } catch {
                throw CommandError(error)
            }
        case .credential(let name)?:
            throw CommandError(
                "the proxy's token is the systemd credential \(name), which only the service can read",
                hint: "set ANTHROPIC_AUTH_TOKEN by yourself (for the backend `claude`, "
                    + "\(ClientEnvironment.tokenHeader) in ANTHROPIC_CUSTOM_HEADERS), or give `proxy.authToken` as {env: …} or {file: …}",
                exitCode: ExitStatus.precondition)
        }
    }

    func environment(_ caller: Caller) throws(CommandError) -> ClientEnvironment {
        ClientEnvironment(
            settings: address.settings, baseURL: address.baseURL, token: bringsItsToken(caller) ? nil : try token(caller), caller: caller.environment)
    }

    /// A client of Claude itself may have been given the proxy's token by hand, where nobody but the proxy can read it.
    private func bringsItsToken(_ caller: Caller) -> Bool {
        guard case .credential? = address.token, defaultBackend?.api == .anthropic else { return false }
        return caller.environment["ANTHROPIC_CUSTOM_HEADERS"]?.lowercased().contains("\(ClientEnvironment.tokenHeader):") ?? false
    }

    var defaultBackend: ProxySettings.Backend? { address.settings.backends.first { $0.name == address.settings.defaultBackend } }
}
