import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import NIOCore
import NIOHTTP1

/// One request of a client with all that it brought about, as it grows: what was asked of models' servers, what they and we answered, and
/// when. Its line is documented in docs/CAPTURE.md.
final class CapturedExchange: Sendable {
    typealias Fields = [(name: String, value: String)]

    /// A question to a model's server.
    struct Question: Sendable {
        var backend: String?
        var method: String
        var url: String
        var headers: Fields
        var body: ByteBuffer?
        /// Microseconds since the client's request.
        var at: Int
        var status: Int?
        var answerHeaders: Fields = []
        var answer = CapturedBytes()
        var failure: String?
    }
    private struct State {
        var backend: ProxySettings.Backend?
        var body = ByteBuffer()
        var questions: [Question] = []
        var status: Int?
        var headers: Fields = []
        var sent = CapturedBytes()
        var size = 0
        var isTruncated = false
        var isRefused = false
    }
    private let state = Mutex(State())
    private let method: String
    private let path: String
    private let headers: Fields
    private let begin = ContinuousClock.now
    private let capture: Capture

    init(_ request: Request, _ requestID: String, capture: Capture) {
        method = request.method.rawValue
        path = request.uri.string
        headers = Self.fields(request.headers)
        self.capture = capture
    }

    deinit { capture.giveBack(state.withLock { $0.size }) }

    /// Bytes that it holds.
    var size: Int { state.withLock { $0.size } }
    /// There was no room for it from the beginning.
    var isRefused: Bool { state.withLock { $0.isRefused } }

    private var time: Int { Int((ContinuousClock.now - begin) / .microseconds(1)) }

    private static func fields(_ headers: HTTPFields) -> Fields { headers.map { ($0.name.rawName, $0.value) } }

    /// Room for `count` bytes more.
    private func take(_ count: Int, _ state: inout State) -> Bool {
        guard !state.isTruncated, state.size + count <= Capture.maximumExchange, capture.take(count) else {
            state.isTruncated = true
            return false
        }
        state.size += count
        return true
    }

    // MARK: the client's side

    func note(backend: ProxySettings.Backend) { state.withLock { $0.backend = backend } }

    func note(body: ByteBuffer) {
        state.withLock { state in
            guard take(body.readableBytes, &state) else {
                state.isRefused = true
                return
            }
            state.body = body
        }
    }

    func note(_ response: Response) {
        state.withLock { state in
            state.status = response.status.code
            state.headers = Self.fields(response.headers)
        }
    }

    func sent(_ buffer: ByteBuffer) {
        let time = time
        state.withLock { state in
            if take(buffer.readableBytes, &state) { state.sent.add(buffer, at: time) }
        }
    }

    // MARK: the models' side

    /// - Returns: the question's number.
    func asked(_ method: HTTPMethod, _ url: String, _ headers: HTTPHeaders, _ body: ByteBuffer?) -> Int {
        let time = time
        return state.withLock { state in
            var question = Question(
                backend: state.backend?.name, method: method.rawValue, url: url, headers: headers.map { ($0.name, $0.value) }, at: time)
            if let body, take(body.readableBytes, &state) { question.body = body }
            state.questions.append(question)
            return state.questions.count - 1
        }
    }

    func failed(_ number: Int, _ error: any Error) { state.withLock { $0.questions[number].failure = "\(error)" } }

    /// The answer, noted while it is read.
    func following(_ response: UpstreamResponse, _ number: Int) -> UpstreamResponse {
        state.withLock { state in
            state.questions[number].status = Int(response.status.code)
            state.questions[number].answerHeaders = response.headers.map { ($0.name, $0.value) }
        }
        var response = response
        response.body = response.body.noting { [self] part in
            switch part {
            case .success(let buffer): came(buffer, number)
            case .failure(let error): failed(number, error)
            }
        }
        return response
    }

    private func came(_ buffer: ByteBuffer, _ number: Int) {
        let time = time
        state.withLock { state in
            if take(buffer.readableBytes, &state) { state.questions[number].answer.add(buffer, at: time) }
        }
    }

    // MARK: the line

    func record(_ facts: RequestTrace.Facts, hiding known: [[UInt8]]) -> RecordedExchange {
        let state = state.withLock { $0 }
        // What a client or we presented may come back in an error.
        let redaction = Redaction(known, presented: headers + state.questions.flatMap(\.headers))
        func parts(_ bytes: CapturedBytes) -> [RecordedExchange.Part] { bytes.parts(redaction) }
        let questions = state.questions.map { question in
            RecordedExchange.Question(
                backend: question.backend, time: Double(question.at) / 1000,
                request: .init(
                    method: question.method, target: redaction.text(question.url), headers: redaction.fields(question.headers),
                    body: redaction.bytes(question.body)),
                response: question.status.map { .init(status: $0, headers: redaction.fields(question.answerHeaders), parts: parts(question.answer)) },
                failure: question.failure.map(redaction.text))
        }
        return RecordedExchange(
            id: facts.requestID, time: WallClock.text(facts.startedMs), backend: state.backend.map(Self.json), cache: facts.responseCache,
            isTruncated: state.isTruncated, wasLeft: facts.wasLeft,
            request: .init(method: method, target: redaction.text(path), headers: redaction.fields(headers), body: redaction.bytes(state.body)),
            questions: questions,
            response: state.status.map { .init(status: $0, headers: redaction.fields(state.headers), parts: parts(state.sent)) })
    }

    /// What another proxy needs to ask the same: without where it is and what opens it.
    private static func json(_ backend: ProxySettings.Backend) -> JSON {
        var backend = backend
        backend.apiKey = nil
        var object = (try? JSON(encoding: backend))?.objectValue ?? [:]
        object["target"] = nil
        return .object(object)
    }
}
