import Control
import Hummingbird
import LaunchPlan
import Messages

/// Where an answer comes from: the caches, an answer under way, or the model's server.
struct MessageSources: Sendable {
    let assembly: ProxyAssembly
    let call: ProxySettings.Call
    let caller: Caller
    /// Another backend can be asked where this one cannot answer.
    let hasOthers: Bool
    let origin: PromptHistory.Origin

    func source(of message: MessagesRequest, _ backend: ResolvedBackend, _ request: Request) async throws -> Delivery.Source {
        let key = RequestKey(
            message, backend: backend, asker: caller.asker, version: request.headers.value("anthropic-version"),
            isSideCall: !call.kinds.isDisjoint(with: [.side, .title]), policy: assembly.settings.responseCache.policy)
        if request.bypassesCaches { return .generation(begin(assembly.generations.unshared(), message, backend, key, sharing: nil), "bypass") }
        if assembly.responses.mayHold(key), let model = await assembly.upstreams.answeringModel(of: backend),
            let hit = await assembly.responses.find(key, answeredBy: model)
        {
            return kept(hit, message)
        }
        // Nothing is begun for a client that has left.
        try Task.checkCancellation()
        let sharing = key.sharing
        switch assembly.generations.claim(sharing, mayShare: key.mayShare && assembly.settings.responseCache.enabled) {
        case .running(let generation):
            guard let listener = generation.join() else { return renewed(sharing, message, backend, key) }
            assembly.metrics.countCache(layer: "response", result: "join")
            assembly.upstreams.history.note(.shared(message: generation.messageID), request: origin.request)
            return .generation(Delivery.Live(listener: listener, generation: generation, sharing: sharing), "join")
        case .undelivered(let generation):
            assembly.metrics.countCache(layer: "response", result: "replay")
            assembly.upstreams.history.note(.shared(message: generation.messageID), request: origin.request)
            return .generation(Delivery.Live(listener: generation.listen(), generation: generation, sharing: sharing), "replay")
        case .delivered(let generation) where key.mayBeKept && ResponseCache.isKeepable(generation.message):
            return kept(ResponseCache.Hit(message: generation.message.json, ageSeconds: 0, isCounted: generation.isCounted), message)
        case .delivered: return renewed(sharing, message, backend, key)
        case .new(let generation):
            assembly.metrics.countCache(layer: "response", result: "miss")
            return .generation(begin(generation, message, backend, key, sharing: sharing), "miss")
        }
    }

    private func kept(_ hit: ResponseCache.Hit, _ message: MessagesRequest) -> Delivery.Source {
        assembly.metrics.countCache(layer: "response", result: "hit")
        assembly.upstreams.history.note(.kept, request: origin.request)
        return .kept(hit, model: message.model)
    }

    private func renewed(_ sharing: String, _ message: MessagesRequest, _ backend: ResolvedBackend, _ key: RequestKey) -> Delivery.Source {
        assembly.metrics.countCache(layer: "response", result: "miss")
        return .generation(begin(assembly.generations.renew(sharing), message, backend, key, sharing: sharing), "miss")
    }

    private func begin(
        _ generation: Generation, _ message: MessagesRequest, _ backend: ResolvedBackend, _ key: RequestKey, sharing: String?
    ) -> Delivery.Live {
        let live = Delivery.Live(listener: generation.listen(), generation: generation, sharing: sharing)
        let upstream = ChatUpstream(
            upstreams: assembly.upstreams, backend: backend, request: message, call: call, caller: caller, hasOthers: hasOthers, origin: origin)
        let account = caller.account
        generation.start(limits: assembly.settings.limits) {
            try await upstream.run(into: $0)
        } atEnd: { generation in
            assembly.metrics.countAnswer(AnswerFigures(generation), backend: backend.name)
            let usage = generation.message.usage
            if generation.isCounted {
                assembly.upstreams.history.count(
                    message: generation.messageID, prompt: usage.prompt, cached: generation.reportsCache ? usage.cacheRead : nil)
            }
            assembly.rates.charge(account, tokens: usage.input + usage.cacheCreation + usage.output)
            if sharing != nil, let model = generation.model {
                await assembly.responses.keep(generation.message, isCounted: generation.isCounted, for: key, answeredBy: model)
            }
            generation.markSettled()
            assembly.generations.settle(sharing, generation)
        }
        return live
    }
}
