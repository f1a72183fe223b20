import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Locking
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
    func following(_ response: HTTPClientResponse, _ number: Int) -> HTTPClientResponse {
        state.withLock { state in
            state.questions[number].status = Int(response.status.code)
            state.questions[number].answerHeaders = response.headers.map { ($0.name, $0.value) }
        }
        var response = response
        response.body = .stream(
            response.body.map { [self] buffer in
                let time = time
                state.withLock { state in
                    if take(buffer.readableBytes, &state) { state.questions[number].answer.add(buffer, at: time) }
                }
                return buffer
            })
        return response
    }

    // MARK: the line

    func json(_ facts: RequestTrace.Facts, hiding known: [[UInt8]]) -> JSON {
        let state = state.withLock { $0 }
        // What a client or we presented may come back in an error.
        let all = headers + state.questions.flatMap(\.headers)
        let presented = all.filter { Redaction.isCredential($0.name) }.flatMap { field in
            [field.value] + field.value.split(separator: " ").dropFirst().map(String.init)
        }
        let secrets = known + presented.map { Array($0.utf8) }
        func fields(_ fields: Fields) -> JSON {
            .array(
                fields.map { field in
                    let value = Redaction.isCredential(field.name) ? Redaction.word : Redaction.masked(field.value, secrets)
                    return [.string(field.name.lowercased()), .string(value)]
                })
        }
        func text(_ buffer: ByteBuffer) -> JSON {
            var bytes = Array(buffer.readableBytesView)
            Redaction.mask(&bytes, secrets)
            return CapturedBytes.json(bytes[...])
        }
        func parts(_ bytes: CapturedBytes) -> JSON {
            var bytes = bytes
            bytes.hide(secrets)
            return bytes.json
        }
        let upstream = state.questions.map { question -> JSON in
            var object: JSONObject = ["backend": question.backend.map(JSON.string) ?? .null, "at_ms": .double(Double(question.at) / 1000)]
            var request: JSONObject = [
                "method": .string(question.method), "url": .string(Redaction.masked(question.url, secrets)), "headers": fields(question.headers),
            ]
            request["body"] = question.body.map(text)
            object["request"] = .object(request)
            if let status = question.status {
                object["response"] = ["status": .integer(status), "headers": fields(question.answerHeaders), "parts": parts(question.answer)]
            }
            object["failure"] = question.failure.map { .string(Redaction.masked($0, secrets)) }
            return .object(object)
        }
        var line: JSONObject = ["format": "anyclaude.exchange", "version": 1, "id": .string(facts.requestID)]
        line["time"] = .string(WallClock.text(facts.startedMs))
        line["backend"] = state.backend.map(Self.json)
        line["cache"] = facts.responseCache.map(JSON.string)
        line["truncated"] = state.isTruncated ? true : nil
        line["request"] = [
            "method": .string(method), "path": .string(Redaction.masked(path, secrets)), "headers": fields(headers), "body": text(state.body),
        ]
        line["upstream"] = .array(upstream)
        line["response"] = [
            "status": state.status.map(JSON.integer) ?? .null, "headers": fields(state.headers), "parts": parts(state.sent),
            "outcome": .string(facts.wasLeft ? "left" : "sent"),
        ]
        return .object(line)
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
