import HTTPTypes
import Hummingbird
import JSON
import Messages
import NIOCore
import Serving

/// One answer to one client, as a stream or whole.
struct Delivery: Sendable {
    /// An answer that is made, or was made for somebody who left.
    struct Live: Sendable {
        let listener: Listener
        let generation: Generation
        let sharing: String?
    }
    enum Source: Sendable {
        /// With the word for `x-anyclaude-cache`.
        case generation(Live, String)
        case kept(ResponseCache.Hit, model: String)
    }
    let assembly: ProxyAssembly
    let backend: ResolvedBackend
    let source: Source
    let requestID: String
    /// Held until the last byte is written.
    let permit: Gate.Permit
    /// Where the backend could not take the request and nothing but pings was sent: lets another one go on; false where none does.
    var elsewhere: (@Sendable (AnthropicError, inout ServerSentEvents.EventWriter) async throws -> Bool)?

    // MARK: a stream

    /// The status is decided by the first event, or by the first ping: an error before it is an HTTP error.
    func stream() async throws -> Response {
        switch source {
        case .kept(let hit, let model):
            let events = try events(of: hit, model)
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            return ServerSentEvents.response(headers: headers(cache: "hit", age: hit.ageSeconds)) { writer in
                try await writer.raw(Self.buffer(events))
                withExtendedLifetime(permit) {}
            }
        case .generation(let live, let word):
            guard let first = await live.listener.next() else { throw CancellationError() }
            if case .error(let error)? = first.first { throw error }
            return ServerSentEvents.response(headers: headers(cache: word, kv: live.generation.kv)) { writer in
                try await relayCounted(first, live, to: &writer)
            }
        }
    }

    /// The events behind a head that was sent already.
    func goOn(to writer: inout ServerSentEvents.EventWriter) async throws {
        switch source {
        case .kept(let hit, let model):
            try await writer.raw(Self.buffer(try events(of: hit, model)))
            assembly.metrics.countRequest(backend: backend.name, status: 200)
        case .generation(let live, _):
            guard let first = await live.listener.next() else { throw CancellationError() }
            try await relayCounted(first, live, to: &writer)
        }
    }

    private func relayCounted(_ first: [MessageEvent], _ live: Live, to writer: inout ServerSentEvents.EventWriter) async throws {
        do {
            try await relay(first, live, to: &writer)
        } catch {
            assembly.metrics.countRequest(backend: backend.name, status: ProxyMetrics.clientLeft)
            throw error
        }
    }

    private func relay(_ first: [MessageEvent], _ live: Live, to writer: inout ServerSentEvents.EventWriter) async throws {
        var batch: [MessageEvent]? = first
        var isSilent = true
        while let events = batch {
            if isSilent, let elsewhere, case .error(let error)? = events.last, events.dropLast().allSatisfy({ $0 == .ping }),
                try await elsewhere(error, &writer)
            {
                return
            }
            isSilent = isSilent && events.allSatisfy { $0 == .ping }
            if isSilent, let what = live.generation.waitsFor { try await writer.comment(Self.comment("waiting for \(what)")) }
            try await writer.raw(Self.buffer(events))
            switch events.last {
            case .messageStop?:
                delivered(live)
                return assembly.metrics.countRequest(backend: backend.name, status: 200)
            case .error(let error)?: return assembly.metrics.countRequest(backend: backend.name, status: error.status)
            default: batch = await live.listener.next()
            }
        }
        throw CancellationError()
    }

    /// A comment is one line, whatever a service says of itself.
    private static func comment(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

    private static func buffer(_ events: [MessageEvent]) -> ByteBuffer {
        var buffer = ByteBuffer()
        for event in events { buffer.writeBytes(event.bytes) }
        return buffer
    }

    // MARK: whole

    func whole() async throws -> Response {
        switch source {
        case .kept(let hit, let model):
            var assembled = MessageAssembly()
            for event in try events(of: hit, model) { assembled.add(event) }
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            return response(assembled.json, headers(cache: "hit", age: hit.ageSeconds), atEnd: {})
        case .generation(let live, let word):
            while await live.listener.next() != nil {}
            try Task.checkCancellation()
            let message = live.generation.message
            if let error = message.error { throw error }
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            var headers = headers(cache: word, kv: live.generation.kv)
            // Of a stream it is known too late for a header.
            if let cost = live.generation.cost { headers.set("x-anyclaude-cost", JSON.double(cost).text) }
            return response(message.json, headers) { delivered(live) }
        }
    }

    private func response(_ json: JSON, _ headers: HTTPFields, atEnd: @escaping @Sendable () -> Void) -> Response {
        let buffer = ByteBuffer(bytes: json.bytes)
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: buffer.readableBytes) { writer in
                try await writer.write(buffer)
                // A client that has all bytes may leave before the end is written.
                atEnd()
                try await writer.finish(nil)
                withExtendedLifetime(permit) {}
            })
    }

    // MARK: both

    private func delivered(_ live: Live) {
        live.generation.markDelivered()
        assembly.generations.settle(live.sharing, live.generation)
    }

    /// Under an id of its own, as clients merge answers that share one; and nothing of it was computed now.
    private func events(of hit: ResponseCache.Hit, _ model: String) throws(AnthropicError) -> [MessageEvent] {
        var message = hit.message.objectValue ?? [:]
        var usage = MessageUsage(message["usage"])
        usage.cacheRead += usage.input + usage.cacheCreation
        usage.input = 0
        usage.cacheCreation = 0
        message["usage"] = usage.json
        guard let events = MessageReplay.events(of: .object(message), id: Identifiers.message(), model: model) else {
            throw AnthropicError(.api, "a kept answer cannot be read; send `x-anyclaude-cache: bypass` to ask anew")
        }
        return events
    }

    private func headers(cache: String, kv: String? = nil, age: Int? = nil) -> HTTPFields {
        var headers = HTTPFields()
        headers.set("request-id", requestID)
        headers.set("x-anyclaude-cache", cache)
        if let kv { headers.set(Native.cacheHeader, kv) }
        if let age { headers.set("age", String(age)) }
        return headers
    }
}
