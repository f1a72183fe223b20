/// The events of an answer, as they come.
public final class EventStream {
    private let exchange: HTTPExchange
    private var parser = ServerSentEventParser()
    private var pending: [ServerSentEvent] = []
    private var next = 0

    init(_ exchange: HTTPExchange) { self.exchange = exchange }

    /// Readable when something has come; nil where the connection has no descriptor.
    public var descriptor: Int32? { exchange.descriptor }

    /// The next event; nil when the server ended the stream.
    ///
    /// - Throws: `timedOut` when none comes by `deadline`: the stream can be asked again.
    public func nextEvent(by deadline: Deadline?) throws(ControlClientError) -> ServerSentEvent? {
        while next == pending.count {
            guard let part = try exchange.nextPart(by: deadline) else { return nil }
            pending = try parser.feed(part)
            next = 0
        }
        defer { next += 1 }
        return pending[next]
    }

    /// The next event by `deadline`, `waiting` where none came, `ended` at the end.
    public func step(by deadline: Deadline) throws(ControlClientError) -> Step {
        do throws(ControlClientError) {
            return try nextEvent(by: deadline).map(Step.event) ?? .ended
        } catch {
            if error.kind == .timedOut { return .waiting }
            throw error
        }
    }

    public enum Step: Sendable, Equatable {
        case event(ServerSentEvent)
        case waiting
        case ended
    }
}
