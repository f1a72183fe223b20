import HTTPTypes
import Hummingbird
import JSON
import Locking
import Messages
import NIOCore
import Serving

/// A model's server that says what was recorded.
final class RecordedUpstream: HTTPResponder {
    typealias Context = BasicRequestContext

    private let answers: Mutex<RecordedAnswers>
    private static let maximumBody = 64 << 20
    /// Of one connection or one encoding of it, not of the message.
    private static let dropped: Set<String> = ["connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"]

    init(_ answers: RecordedAnswers) { self.answers = Mutex(answers) }

    private struct BrokenOff: Error {}

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let body = try await request.collectedBody(upTo: Self.maximumBody)
        let found = answers.withLock { $0.answer(request.method.rawValue, request.uri.string, body.map { Array($0.readableBytesView) } ?? []) }
        guard let found, let recorded = found.response else {
            return Answers.json(["error": ["message": "nothing was recorded for \(request.method.rawValue) \(request.uri.path)"]], status: .notFound)
        }
        var headers = HTTPFields()
        for field in recorded.headers where !Self.dropped.contains(field.name) { headers.set(field.name, field.value) }
        let parts = recorded.parts
        let isBroken = found.failure != nil
        return Response(
            status: .init(code: recorded.status), headers: headers,
            body: ResponseBody { writer in
                for part in parts { try await writer.write(ByteBuffer(bytes: part.bytes)) }
                if isBroken { throw BrokenOff() }
                try await writer.finish(nil)
            })
    }
}
