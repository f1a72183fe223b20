import Control
import Glibc

/// A supervisor that answers.
struct RunningSupervisor {
    var client: ControlClient
    var socket: String
    /// The machine's own stack, run by systemd; not one that this user's commands start and stop.
    var isSystem: Bool
    /// Started by this command.
    var isOurs = false
    /// It ends the stack with its last client.
    var endsWithLastClient = false
}

extension Session {
    func instance(_ name: String) -> Instance { Instance(name: name, environment: caller.environment) }

    /// Where the control socket of `name` may be, in the order in which they are asked.
    func sockets(_ name: String) -> [(path: String, isSystem: Bool)] {
        Instance.controlSockets(name, environment: caller.environment).map { ($0, $0 == Instance.systemControlSocket) }
    }

    /// The supervisor of `name`; nil where none runs.
    ///
    /// - Throws: where one is there and cannot be used.
    func findSupervisor(_ name: String) throws(ControlClientError) -> RunningSupervisor? {
        try ask(name) { socket, client throws(ControlClientError) in
            let status = try client.status()
            debug(1, "supervisor \(status.version) with pid \(status.pid) at \(socket.path)")
            return RunningSupervisor(
                client: client, socket: socket.path, isSystem: socket.isSystem, endsWithLastClient: status.endsWithLastClient ?? false)
        }
    }

    /// What the supervisor of `name` answers to one question, which needs no other before it; nil where none runs.
    ///
    /// - Throws: where one is there and cannot be used.
    func ask<Answer>(
        _ name: String,
        _ question: (_ socket: (path: String, isSystem: Bool), _ client: ControlClient) throws(ControlClientError) -> Answer
    ) throws(ControlClientError) -> Answer? {
        for socket in sockets(name) {
            do throws(ControlClientError) {
                return try question(socket, ControlClient(socket: socket.path))
            } catch {
                switch error.kind {
                case .unreachable: debug(2, error.message)
                // Somebody else's service is no reason not to have a stack of one's own.
                case .denied where socket.isSystem: debug(1, error.message)
                default: throw error
                }
            }
        }
        return nil
    }

    /// - Throws: exit code 3 where none runs.
    func requireSupervisor(_ name: String) throws -> RunningSupervisor {
        if let supervisor = try findSupervisor(name) { return supervisor }
        throw CommandError(
            "no supervisor runs for the instance `\(name)`",
            hint: "looked for \(sockets(name).map(\.path).joined(separator: " and ")); `anyclaude apply` starts one",
            exitCode: ExitStatus.precondition)
    }

    /// The supervisor of `name`, started where none runs.
    func supervisor(_ name: String, untilIdle: Bool = false) throws -> RunningSupervisor {
        if let supervisor = try findSupervisor(name) { return supervisor }
        if caller.isSet("ANYCLAUDE_NO_AUTO_LAUNCH") {
            throw CommandError(
                "no supervisor runs for the instance `\(name)`, and ANYCLAUDE_NO_AUTO_LAUNCH is set",
                hint: "unset it, or start one with `anyclaude supervise --instance \(name)`", exitCode: ExitStatus.precondition)
        }
        return try SupervisorLauncher(session: self, instance: instance(name)).launch(untilIdle: untilIdle)
    }
}

extension RunningSupervisor {
    /// Ends the supervisor where this command started it and it has nothing to run.
    func endIfEmpty(_ session: Session) {
        guard isOurs else { return }
        do {
            guard try client.status().services.isEmpty else { return }
            let events = try client.down(DownRequest(command: session.commandText))
            let deadline = Deadline.after(milliseconds: 60_000)
            while case .event(let event) = try events.step(by: deadline), event.outcome == nil {}
        } catch {
            session.debug(1, "the supervisor that was started for this could not be ended: \(error)")
        }
    }
}
