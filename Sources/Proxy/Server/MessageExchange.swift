import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore
import Serving

/// One request to `/v1/messages`, and the backends that may answer it. Where one cannot, the next is asked, as long as the client has not
/// been told a word: a word of one model is never followed by those of another.
struct MessageExchange: Sendable {
    let assembly: ProxyAssembly
    let request: Request
    let body: ByteBuffer
    let json: JSON
    /// What the body's reader knows of it.
    let parts: BodyParts?
    let call: ProxySettings.Call
    let caller: Caller
    let requestID: String
    let permit: Gate.Permit

    /// - Parameter targets: at least one, in the order in which they are asked.
    func respond(by targets: ArraySlice<ResolvedBackend>) async throws -> Response {
        guard let backend = targets.first else { throw AnthropicError(.notFound, "no backend is left to ask") }
        let others = targets.dropFirst()
        return try await assembly.answer(for: backend, requestID) {
            do {
                return try await respond(by: backend, others)
            } catch let error as AnthropicError {
                guard mayGoOn(after: error, to: others) else { throw error }
                note(error, from: backend, to: others)
                return try await respond(by: others)
            }
        }
    }

    private func respond(by backend: ResolvedBackend, _ others: ArraySlice<ResolvedBackend>) async throws -> Response {
        if backend.settings.api == .anthropic {
            let passing = PassThrough(assembly: assembly, backend: backend, hasOthers: !others.isEmpty)
            return try await passing.respond(request, body: body, permit)
        }
        let message = try message()
        let delivery = try await delivery(of: message, by: backend, others)
        return message.stream ? try await delivery.stream() : try await delivery.whole()
    }

    /// The same for a client that has been sent pings alone: what follows them comes from the next backends.
    private func goOn(by targets: ArraySlice<ResolvedBackend>, to writer: inout ServerSentEvents.EventWriter) async throws {
        guard let backend = targets.first else { return }
        let others = targets.dropFirst()
        do {
            if backend.settings.api == .anthropic {
                let passing = PassThrough(assembly: assembly, backend: backend, hasOthers: !others.isEmpty)
                return try await passing.relay(request, body: body, to: &writer)
            }
            return try await delivery(of: try message(), by: backend, others).goOn(to: &writer)
        } catch let error as AnthropicError {
            guard mayGoOn(after: error, to: others) else {
                assembly.metrics.countRequest(backend: backend.name, status: error.status)
                return try await writer.raw(ByteBuffer(bytes: MessageEvent.error(error).bytes))
            }
            note(error, from: backend, to: others)
        }
        try await goOn(by: others, to: &writer)
    }

    private func message() throws(AnthropicError) -> MessagesRequest {
        var message = try MessagesRequest(json, version: request.apiVersion)
        message.parts = parts
        return message
    }

    private func delivery(
        of message: MessagesRequest, by backend: ResolvedBackend, _ others: ArraySlice<ResolvedBackend>
    ) async throws -> Delivery {
        let (message, report) = try assembly.shaped(message, for: backend)
        let sources = MessageSources(
            assembly: assembly, call: call, caller: caller, hasOthers: !others.isEmpty,
            origin: .init(request: requestID, asker: caller.asker, shaping: report.json))
        let source = try await sources.source(of: message, backend, request)
        RequestTrace.current?.note(source)
        var delivery = Delivery(
            assembly: assembly, backend: backend, source: source, requestID: requestID, permit: permit,
            diagnosis: message.json["diagnostics"].map { .init(asked: $0, asker: caller.asker) })
        if !others.isEmpty {
            delivery.elsewhere = { error, writer in
                guard mayGoOn(after: error, to: others) else { return false }
                note(error, from: backend, to: others)
                try await goOn(by: others, to: &writer)
                return true
            }
        }
        return delivery
    }

    /// A proxy that ends asks nobody any more.
    private func mayGoOn(after error: AnthropicError, to others: ArraySlice<ResolvedBackend>) -> Bool {
        !others.isEmpty && error.mayBeAskedElsewhere && !Task.isCancelled && !assembly.generations.isClosing
    }

    private func note(_ error: AnthropicError, from backend: ResolvedBackend, to others: ArraySlice<ResolvedBackend>) {
        guard let next = others.first else { return }
        assembly.metrics.countFallback(from: backend.name, to: next.name)
        assembly.logger.notice(
            "another backend is asked",
            metadata: ["request": "\(requestID)", "backend": "\(backend.name)", "next": "\(next.name)", "reason": "\(error.message)"])
    }
}

extension AnthropicError {
    /// The backend could not take the request, which says nothing about the request itself.
    var mayBeAskedElsewhere: Bool {
        switch kind {
        case .overloaded, .rateLimit, .timeout, .api, .billing: true
        case .invalidRequest, .authentication, .permission, .notFound, .conflict, .requestTooLarge: false
        }
    }
}
