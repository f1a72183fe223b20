import Glibc
import JSON
import LaunchPlan
import Locking
import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// No response came: the connection failed or ended before one. The same request may be sent again.
struct UpstreamUnreachable: Error, CustomStringConvertible {
    var url: String
    var reason: String
    /// The server had the request, or part of it, when the connection ended.
    var wasSent: Bool
    var description: String { "cannot reach the model's server at \(url): \(reason)" }
}

/// The HTTP client of all upstreams, with connections of each event loop: one to a server is where its client's is.
final class UpstreamClient: Sendable {
    private let pools: [(loop: any EventLoop, pool: NIOLoopBoundBox<ConnectionPool>)]
    /// By URL, whose reading is not done for each: what is asked of models.
    private let addresses = Mutex<[String: UpstreamAddress]>([:])
    private static let maximumAddresses = 64
    private let configuration: TLSConfiguration
    private let tls = Mutex<NIOSSLContext?>(nil)
    /// Prefill may come before an answer's head.
    private let limits: UpstreamTransfer.Limits
    /// An error's body, or a small answer: more is cut off.
    static let smallBody = 1 << 20

    init(limits: ProxySettings.Limits, tls: TLSConfiguration = .makeClientConfiguration()) {
        configuration = tls
        pools = MultiThreadedEventLoopGroup.singleton.makeIterator().map { loop in
            (loop, NIOLoopBoundBox.makeBoxSendingValue(ConnectionPool(loop), eventLoop: loop))
        }
        self.limits = UpstreamTransfer.Limits(
            head: .milliseconds(Int64(limits.firstByteTimeoutMs)),
            // A generation has a watch of its own, which knows what was said; here the longer of its limits stands for all.
            silence: .milliseconds(Int64(max(limits.firstByteTimeoutMs, limits.idleTimeoutMs))))
    }

    /// Ends what is under way.
    func shutdown() async throws { for (loop, pool) in pools { try await loop.flatSubmit { pool.value.shutDown() }.get() } }

    /// The caller's, or any.
    private var nearest: (loop: any EventLoop, pool: NIOLoopBoundBox<ConnectionPool>) {
        let current = MultiThreadedEventLoopGroup.currentEventLoop
        return pools.first { $0.loop === current } ?? pools[Int.random(in: pools.indices)]
    }

    /// - Parameter timeout: to the answer's head, and then between its parts.
    /// - Throws: `UpstreamUnreachable` where no response came, `AnthropicError` (timeout) where it took too long, (invalid request) where it
    ///   cannot be said in HTTP.
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
            let address = try address(url)
            var request = UpstreamRequest(address: address, method: method, headers: headers, body: body)
            if address.origin.isSecure { request.tls = try await trust() }
            let (loop, pool) = nearest
            var limits = limits
            if let timeout { limits = UpstreamTransfer.Limits(head: timeout, silence: min(limits.silence, timeout)) }
            let (head, transfer) = try await UpstreamTransfer.begin(request, by: pool, on: loop, limits: limits)
            return UpstreamResponse(url: url, status: head.status, headers: head.headers, body: UpstreamBody(transfer))
        } catch let error as CancellationError {
            throw error
        } catch TransferError.cancelled {
            throw CancellationError()
        } catch TransferError.late {
            throw AnthropicError(.timeout, "the model's server at \(url) did not answer in time")
        } catch TransferError.unsayable {
            throw AnthropicError.invalid("the request's method or one of its header fields cannot be sent on")
        } catch {
            try Task.checkCancellation()
            throw UpstreamUnreachable(url: url, reason: "\(error)", wasSent: !Self.isUnsent(error))
        }
    }

    private func address(_ url: String) throws -> UpstreamAddress {
        if let known = addresses.withLock({ $0[url] }) { return known }
        let address = try UpstreamAddress(url)
        addresses.withLock { addresses in
            // Paths of the API that pass through may be many.
            if addresses.count >= Self.maximumAddresses { addresses = [:] }
            addresses[url] = address
        }
        return address
    }

    /// The certificates that this machine trusts, which are read once, where that holds up nobody.
    private func trust() async throws -> NIOSSLContext {
        if let known = tls.withLock({ $0 }) { return known }
        let context: NIOSSLContext
        do {
            context = try await NIOThreadPool.singleton.runIfActive { [configuration] in
                var configuration = configuration
                configuration.applicationProtocols = ["http/1.1"]
                return try NIOSSLContext(configuration: configuration)
            }
        } catch {
            throw TransferError.notConnected(error)
        }
        tls.withLock { $0 = context }
        return context
    }

    private static func isUnsent(_ error: any Error) -> Bool {
        if case TransferError.notConnected = error { true } else { error is UpstreamAddress.Invalid }
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
