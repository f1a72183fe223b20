import Control
import Dispatch
import Glibc
import JSON
import Locking
import Logging

/// JSON lines to and from the supervisor: one lease for each request that is under way.
final class LeaseConnection: Sendable {
    private struct State {
        var nextID = 1
        var leases: [Int: Lease.Shared] = [:]
        var lastEndpoint: [String: LeaseEndpoint] = [:]
    }
    private let descriptor: CInt
    private let state = Mutex(State())
    private let outbox: LeaseOutbox
    private let presence = SupervisorPresence()
    private let logger: Logger
    /// A line longer than this is no reply of ours.
    private static let maximumLine = 1 << 20

    private let onOwnState: @Sendable (ServiceState) -> Void

    /// - Parameter onOwnState: hears what the supervisor says of this service itself.
    init(descriptor: CInt, logger: Logger, onOwnState: @escaping @Sendable (ServiceState) -> Void) {
        self.descriptor = descriptor
        self.onOwnState = onOwnState
        self.logger = logger
        outbox = LeaseOutbox { Self.send($0, to: descriptor) }
        DispatchQueue(label: "anyclaude.leases").async { self.read() }
    }

    /// Asks for the service; the lease ends when it is let go.
    func acquire(_ service: String) -> Lease {
        let shared = Lease.Shared(service: service)
        let id = state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            state.leases[id] = shared
            return id
        }
        let lease = Lease(shared, presence: presence) {
            self.state.withLock { $0.lastEndpoint[service] }
        } release: { outcome in
            self.release(id, service, outcome)
        }
        if !outbox.add(LeaseRequest(id: id, operation: .acquire, service: service)) { fallBack(id, service) }
        return lease
    }

    private func release(_ id: Int, _ service: String, _ outcome: LeaseRequest.Outcome?) {
        state.withLock { $0.leases[id] = nil }
        _ = outbox.add(LeaseRequest(id: id, operation: .release, service: service, outcome: outcome))
    }

    /// The supervisor does not answer: the place where the service was last, or a plain word.
    private func fallBack(_ id: Int, _ service: String) {
        let (shared, endpoint) = state.withLock { ($0.leases[id], $0.lastEndpoint[service]) }
        shared?.set(
            LeaseReply(
                id: id, state: endpoint == nil ? .failed : .ready, endpoint: endpoint,
                message: endpoint == nil ? "the supervisor is away and has not said yet where the service is" : nil))
    }

    /// The whole line; waits where the socket's buffer is full.
    private static func send(_ request: LeaseRequest, to descriptor: CInt) -> Bool {
        guard let json = try? JSON(encoding: request) else { return false }
        let line = json.bytes + [0x0A]
        var sent = 0
        while sent < line.count {
            let count = line[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func read() {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while line.count <= Self.maximumLine {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                guard byte == 0x0A else {
                    line.append(byte)
                    continue
                }
                take(line)
                line.removeAll(keepingCapacity: true)
            }
        }
        logger.warning("the supervisor closed the lease connection; services are reached where they were last")
        // Closed first: a lease that is not in the list that follows hears of it when it is asked for.
        outbox.close()
        for (id, shared) in state.withLock({ $0.leases }) where shared.reply?.endpoint == nil { fallBack(id, shared.service) }
    }

    private func take(_ line: [UInt8]) {
        do {
            let reply: LeaseReply = try JSON(parsing: line).decode()
            presence.hasAnswered()
            guard reply.id != LeaseReply.ownID else { return onOwnState(reply.state) }
            let shared = state.withLock { state in
                let shared = state.leases[reply.id]
                if let shared, let endpoint = reply.endpoint { state.lastEndpoint[shared.service] = endpoint }
                return shared
            }
            shared?.set(reply)
        } catch {
            logger.error("a lease reply cannot be read", metadata: ["error": "\(error)"])
        }
    }
}
