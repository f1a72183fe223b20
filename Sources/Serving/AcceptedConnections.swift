import HummingbirdCore
import Locking
import NIOCore

/// Connections between the listener and the task that answers them.
///
/// A listener that is closed, or whose task is cancelled, drops what was accepted and not taken yet, and NIO ends a process that lets go
/// of a connection unused. So each is held here until it is taken; those that nobody took are for the one who ends the server.
final class AcceptedConnections: Sendable {
    private struct State {
        var waiting: [ObjectIdentifier: HTTP1Channel.Value] = [:]
        var hasEnded = false
    }
    private let state = Mutex(State())

    /// - Returns: true where the server has ended: then nobody else will take it.
    func add(_ connection: HTTP1Channel.Value) -> Bool {
        state.withLock { state in
            if !state.hasEnded { state.waiting[ObjectIdentifier(connection.channel)] = connection }
            return state.hasEnded
        }
    }

    func take(_ connection: HTTP1Channel.Value) { state.withLock { $0.waiting[ObjectIdentifier(connection.channel)] = nil } }

    /// Those that nobody took.
    func end() -> [HTTP1Channel.Value] {
        state.withLock { state in
            state.hasEnded = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
    }
}
