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
    /// Nil where the client does not ask what its prompt lost of an earlier one.
    var diagnosis: PromptHistory.Question?
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
                try await writer.raw(buffer(events, nil))
                saved(events, hit)
                withExtendedLifetime(permit) {}
            }
        case .generation(let live, let word):
            guard let first = await live.listener.next() else { throw CancellationError() }
            if case .error(let error)? = first.first { throw error }
            return ServerSentEvents.response(headers: headers(cache: word, live.generation)) { writer in
                try await relayCounted(first, live, word, to: &writer)
            }
        }
    }

    /// The events behind a head that was sent already.
    func goOn(to writer: inout ServerSentEvents.EventWriter) async throws {
        switch source {
        case .kept(let hit, let model):
            let events = try events(of: hit, model)
            try await writer.raw(buffer(events, nil))
            saved(events, hit)
            assembly.metrics.countRequest(backend: backend.name, status: 200)
        case .generation(let live, let word):
            guard let first = await live.listener.next() else { throw CancellationError() }
            try await relayCounted(first, live, word, to: &writer)
        }
    }

    private func relayCounted(_ first: [MessageEvent], _ live: Live, _ word: String, to writer: inout ServerSentEvents.EventWriter) async throws {
        do {
            try await relay(first, live, word, to: &writer)
        } catch {
            assembly.metrics.countRequest(backend: backend.name, status: ProxyMetrics.clientLeft)
            throw error
        }
    }

    private func relay(_ first: [MessageEvent], _ live: Live, _ word: String, to writer: inout ServerSentEvents.EventWriter) async throws {
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
            if let last = events.last, last.isLast {
                let rest = buffer(events, live.generation)
                // The answer counts as told only when it is written.
                if let output = writer.immediate { try await output.sendLast(rest) } else { try await writer.raw(rest) }
                return ended(by: last, live, word)
            }
            try await writer.raw(buffer(events, live.generation))
            if !isSilent, let output = writer.immediate {
                let pump = EventPump(live.listener, to: output) { buffer($0, live.generation) }
                return ended(by: try await pump.run(), live, word)
            }
            batch = await live.listener.next()
        }
        throw CancellationError()
    }

    private func ended(by last: MessageEvent, _ live: Live, _ word: String) {
        if case .error(let error) = last { return assembly.metrics.countRequest(backend: backend.name, status: error.status) }
        delivered(live)
        if word == "join" || word == "replay" { saved(live.generation, word) }
        assembly.metrics.countRequest(backend: backend.name, status: 200)
    }

    /// A comment is one line, whatever a service says of itself.
    private static func comment(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

    private func buffer(_ events: some Sequence<MessageEvent>, _ generation: Generation?) -> ByteBuffer {
        var bytes: [UInt8] = []
        for event in events {
            guard diagnosis != nil, case .messageStart(_, _, let usage) = event, var data = event.json.objectValue else {
                event.write(to: &bytes)
                continue
            }
            data["message"] = data["message"].map { withDiagnostics($0, usage, generation) }
            bytes += SSEWriter.event(event.name, data: JSON.object(data).bytes)
        }
        return ByteBuffer(bytes: bytes)
    }

    /// - Parameter generation: nil where the answer is a kept one, for which no prompt was read.
    private func withDiagnostics(_ message: JSON, _ usage: MessageUsage, _ generation: Generation?) -> JSON {
        guard let diagnosis, var object = message.objectValue else { return message }
        guard let generation else {
            object["diagnostics"] = .null
            return .object(object)
        }
        object["diagnostics"] = assembly.upstreams.history.diagnostics(
            diagnosis, message: generation.messageID,
            // In the first event a server that says nothing of its cache cannot be told from one that found nothing.
            found: usage.cacheRead > 0 || generation.reportsCache ? usage.cacheRead : nil)
        return .object(object)
    }

    // MARK: whole

    func whole() async throws -> Response {
        switch source {
        case .kept(let hit, let model):
            var assembled = MessageAssembly()
            for event in try events(of: hit, model) { assembled.add(event) }
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            let usage = assembled.usage
            let json = withDiagnostics(assembled.json, usage, nil)
            return response(json, headers(cache: "hit", age: hit.ageSeconds)) {
                assembly.metrics.saved(hit.isCounted ? usage : MessageUsage(), bytes: json.bytes.count, result: "hit")
            }
        case .generation(let live, let word):
            await live.listener.end()
            try Task.checkCancellation()
            let message = live.generation.message
            if let error = message.error { throw error }
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            let json = withDiagnostics(message.json, message.usage, live.generation)
            var headers = headers(cache: word, live.generation)
            // Of a stream it is known too late for a header.
            if let cost = live.generation.cost { headers.set("x-anyclaude-cost", JSON.double(cost).text) }
            return response(json, headers) {
                delivered(live)
                if word == "join" || word == "replay" { saved(live.generation, word) }
            }
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

    /// An answer was told that was made for another request.
    private func saved(_ generation: Generation, _ word: String) {
        // Estimates are no savings.
        assembly.metrics.saved(generation.isCounted ? generation.message.usage : MessageUsage(), bytes: generation.bytes, result: word)
    }

    private func saved(_ events: [MessageEvent], _ hit: ResponseCache.Hit) {
        let usage = hit.isCounted ? events.compactMap { if case .messageDelta(_, _, let usage) = $0 { usage } else { nil } }.last : nil
        assembly.metrics.saved(usage ?? MessageUsage(), bytes: events.reduce(0) { $0 + $1.bytes.count }, result: "hit")
    }

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

    private func headers(cache: String, _ generation: Generation? = nil, age: Int? = nil) -> HTTPFields {
        var headers = HTTPFields()
        headers.set("request-id", requestID)
        headers.set("x-anyclaude-cache", cache)
        if let kv = generation?.kv { headers.set(Native.cacheHeader, kv) }
        if let id = generation?.upstreamID { headers.set("x-anyclaude-upstream-id", String(id.prefix(128))) }
        if let age { headers.set("age", String(age)) }
        return headers
    }
}
