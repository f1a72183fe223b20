import AsyncHTTPClient
import Glibc
import JSON
import LaunchPlan
import Locking
import Messages
import NIOCore
import NIOHTTP1
import NIOPosix

/// No response came: the connection failed or ended before one. The same request may be sent again.
struct UpstreamUnreachable: Error, CustomStringConvertible {
    var url: String
    var reason: String
    /// The server had the request, or part of it, when the connection ended.
    var wasSent: Bool
    var description: String { "cannot reach the model's server at \(url): \(reason)" }
}

/// The HTTP client of all upstreams: one of each event loop, so that a connection to a server is where its client's is. (One for all that
/// is told which loop to use keeps no connection: it counts them as beyond its limit.)
final class UpstreamClient: Sendable {
    private let clients: [(loop: any EventLoop, client: HTTPClient)]
    /// By URL, whose reading is not done for each: what is asked of models.
    private let requests = Mutex<[String: HTTPClient.Request]>([:])
    private static let maximumRequests = 64
    /// Prefill may come before an answer's head.
    private let limits: UpstreamTransfer.Limits
    /// An error's body, or a small answer: more is cut off.
    static let smallBody = 1 << 20

    init(limits: ProxySettings.Limits) {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        // Each transfer is watched.
        configuration.timeout.read = nil
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(64, limits.maxConcurrent)
        // Less than the 5 s of uvicorn, whose servers never say when they close: a request on a connection that closes is lost.
        configuration.connectionPool.idleTimeout = .seconds(4)
        // A refused connection is news at once: the lease says when to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .automatic
        // Nobody collects its spans, and each has a name that is made by reflection.
        configuration.tracing.tracer = nil
        clients = MultiThreadedEventLoopGroup.singleton.makeIterator().map { [configuration] loop in
            var configuration = configuration
            let clock = NIOLoopBoundBox.makeBoxSendingValue(ReadClock(loop), eventLoop: loop)
            configuration.http1_1ConnectionDebugInitializer = { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandlers([TurnFlush(), ReadPacer(clock.value)], position: .first)
                    let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
                    try pipeline.addHandler(PartJoiner(), position: .after(decoder))
                }
            }
            return (loop, HTTPClient(eventLoopGroupProvider: .shared(loop), configuration: configuration))
        }
        self.limits = UpstreamTransfer.Limits(
            head: .milliseconds(Int64(limits.firstByteTimeoutMs)),
            // A generation has a watch of its own, which knows what was said; here the longer of its limits stands for all.
            silence: .milliseconds(Int64(max(limits.firstByteTimeoutMs, limits.idleTimeoutMs))))
    }

    func shutdown() async throws { for (_, client) in clients { try await client.shutdown() } }

    /// The caller's, or any.
    private func nearest() throws -> (loop: any EventLoop, client: HTTPClient) {
        let current = MultiThreadedEventLoopGroup.currentEventLoop
        guard let client = clients.first(where: { $0.loop === current }) ?? clients.randomElement() else { throw HTTPClientError.alreadyShutdown }
        return client
    }

    /// - Throws: `UpstreamUnreachable` where no response came, `AnthropicError` (timeout) where it took too long.
    func send(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = [:], body: ByteBuffer? = nil, timeout: TimeAmount? = nil
    ) async throws -> UpstreamResponse {
        guard let exchange = RequestTrace.current?.exchange else { return try await perform(method, url, headers, body, timeout) }
        let question = exchange.asked(method, url, headers, body)
        do {
            return exchange.following(try await perform(method, url, headers, body, timeout), question)
        } catch {
            exchange.failed(question, error)
            throw error
        }
    }

    private func perform(
        _ method: HTTPMethod, _ url: String, _ headers: HTTPHeaders, _ body: ByteBuffer?, _ timeout: TimeAmount?
    ) async throws -> UpstreamResponse {
        do {
            var request = try request(method, url)
            request.headers = headers
            request.body = body.map { .byteBuffer($0) }
            let (loop, client) = try nearest()
            var limits = limits
            if let timeout { limits.head = timeout }
            let (head, transfer) = try await UpstreamTransfer.begin(request, by: client, on: loop, limits: limits)
            return UpstreamResponse(url: url, status: head.status, headers: head.headers, body: UpstreamBody(transfer))
        } catch let error as CancellationError {
            throw error
        } catch let error as HTTPClientError where error == .cancelled {
            throw CancellationError()
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout {
            throw AnthropicError(.timeout, "the model's server at \(url) did not answer in time")
        } catch {
            try Task.checkCancellation()
            throw UpstreamUnreachable(url: url, reason: "\(error)", wasSent: !Self.isRefusal(error))
        }
    }

    /// One without headers and body.
    private func request(_ method: HTTPMethod, _ url: String) throws -> HTTPClient.Request {
        guard method == .POST else { return try HTTPClient.Request(url: url, method: method) }
        if let known = requests.withLock({ $0[url] }) { return known }
        let request = try HTTPClient.Request(url: url, method: method)
        requests.withLock { requests in
            // Paths of the API that pass through may be many.
            if requests.count >= Self.maximumRequests { requests = [:] }
            requests[url] = request
        }
        return request
    }

    /// No connection was made at all.
    private static func isRefusal(_ error: any Error) -> Bool {
        if error is NIOConnectionError { return true }
        if let error = error as? IOError { return [ECONNREFUSED, ENOENT, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode) }
        return (error as? HTTPClientError) == .connectTimeout
    }

    func send(_ method: HTTPMethod, _ url: String, key: String?, json: JSON?, timeout: TimeAmount? = nil) async throws -> UpstreamResponse {
        try await send(method, url, key: key, text: json?.bytes, timeout: timeout)
    }

    /// - Parameter text: the body, of JSON.
    func send(
        _ method: HTTPMethod, _ url: String, key: String?, text: [UInt8]?, headers more: [(name: String, value: String)] = [],
        timeout: TimeAmount? = nil
    ) async throws -> UpstreamResponse {
        var headers: HTTPHeaders = ["accept": "application/json, text/event-stream"]
        if text != nil { headers.add(name: "content-type", value: "application/json") }
        for (name, value) in more { headers.add(name: name, value: value) }
        if let key { headers.add(name: "authorization", value: "Bearer \(key)") }
        return try await send(method, url, headers: headers, body: text.map { ByteBuffer(bytes: $0) }, timeout: timeout)
    }

    /// A small exchange: the whole answer as JSON.
    ///
    /// - Throws: the answer's own error where its status is not 200.
    func exchange(
        _ method: HTTPMethod, _ url: String, key: String?, json: JSON? = nil, dialect: BackendDialect, timeout: TimeAmount? = nil
    ) async throws -> JSON {
        let response = try await send(method, url, key: key, json: json, timeout: timeout)
        let body = try await Self.bytes(of: response, upTo: 16 << 20)
        guard response.status.code == 200 else { throw Self.failure(response, body, dialect) }
        do {
            return try JSON(parsing: body)
        } catch {
            throw AnthropicError(.api, "\(url) answered with something that is not JSON: \(error)")
        }
    }

    static func failure(_ response: UpstreamResponse, _ body: [UInt8], _ dialect: BackendDialect) -> AnthropicError {
        UpstreamFailure.error(
            status: Int(response.status.code), body: body,
            retryAfter: retryAfter(of: response), dialect: dialect)
    }

    static func retryAfter(of response: UpstreamResponse) -> Int? {
        response.headers.first(name: "retry-after").flatMap { RetryAfter.seconds($0, now: Glibc.time(nil)) }
    }

    /// The body's first `limit` bytes.
    ///
    /// - Throws: `AnthropicError` (api) where it is cut off by the connection.
    static func bytes(of response: UpstreamResponse, upTo limit: Int = smallBody) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await buffer in response.body {
                bytes.append(contentsOf: buffer.readableBytesView.prefix(limit - bytes.count))
                if bytes.count >= limit { break }
            }
        } catch  where !(error is CancellationError) {
            try Task.checkCancellation()
            throw AnthropicError(.api, "the model's server broke off its answer: \(error)")
        }
        return bytes
    }
}
