import JSON

/// A stream of documents of one type.
public struct ControlEvents<Document: Decodable & Sendable> {
    public enum Step {
        case event(Document)
        case waiting
        case ended
    }

    private let stream: EventStream

    init(_ stream: EventStream) { self.stream = stream }

    /// The next document by `deadline`, `waiting` where none came, `ended` when the server ended the stream.
    public func step(by deadline: Deadline) throws(ControlClientError) -> Step {
        switch try stream.step(by: deadline) {
        case .event(let event): .event(try ControlClient.decode(try HTTPClient.parse(Array(event.data.utf8)), of: "the stream"))
        case .waiting: .waiting
        case .ended: .ended
        }
    }
}
