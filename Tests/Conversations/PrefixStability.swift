import JSON
import Messages

/// Whether the prompts of a conversation only grow: request n+1 is rendered as an extension of request n.
public struct PrefixStability: Sendable {
    /// The prompt of a chat template.
    public typealias Render = @Sendable (_ messages: [JSON], _ tools: [JSON], _ addGenerationPrompt: Bool) throws -> String

    /// One broken promise.
    public struct Break: Sendable, CustomStringConvertible {
        /// The later request's number in its conversation, from 0.
        public var request: Int
        public var reason: String
        public var description: String { "request \(request): \(reason)" }
    }

    public struct Report: Sendable {
        /// Pairs of requests of which the client only added to what it had said.
        public var checked = 0
        public var breaks: [Break] = []
    }

    private let dialect: BackendDialect
    private let inlineSystem: Bool
    private let render: Render?

    /// - Parameters:
    ///   - inlineSystem: whether a server that is asked says that it renders system messages in their places.
    ///   - render: nil compares the requests to the server alone.
    public init(dialect: BackendDialect, inlineSystem: Bool, render: Render? = nil) {
        self.dialect = dialect
        self.inlineSystem = inlineSystem
        self.render = render
    }

    /// - Parameter bodies: the requests of one conversation, in their order.
    public func report(_ bodies: [JSON]) throws -> Report {
        var report = Report()
        var earlier: (history: ClientHistory, prompt: Prompt)?
        for (index, body) in bodies.enumerated() {
            let later = (history: ClientHistory(body), prompt: try prompt(of: body))
            defer { earlier = later }
            guard let earlier else { continue }
            let continuation = later.history.continuation(of: earlier.history)
            guard continuation != .another else { continue }
            report.checked += 1
            if let reason = try difference(later.prompt, earlier.prompt, continuation) { report.breaks.append(Break(request: index, reason: reason)) }
        }
        return report
    }

    /// How many bytes of the earlier prompt the later one begins with, of how many.
    public func shared(_ later: JSON, _ earlier: JSON) throws -> (bytes: Int, of: Int) {
        let (later, earlier) = (try prompt(of: later).outline, try prompt(of: earlier).outline)
        return (later.divergence(from: earlier)?.sharedBytes ?? earlier.bytes, earlier.bytes)
    }

    /// The outline of what the server gets.
    public func outline(of body: JSON) throws -> PromptOutline { try prompt(of: body).outline }

    private struct Prompt {
        var messages: [JSON]
        var tools: [JSON]
        var headPieces: Int
        var outline: PromptOutline
    }

    private func prompt(of body: JSON) throws -> Prompt {
        let request = try MessagesRequest(body)
        let prefix = RenderedPrefix(try RequestTranslation.prefix(of: request, dialect: dialect), dialect: dialect)
        var options = RequestTranslation.Options(dialect: dialect, keepsInlineSystem: inlineSystem)
        options.signature = ClientSession.mark
        let turns = try RequestTranslation.turns(of: request, prefix: prefix.prefix, options: options)
        let outline = PromptOutline(
            model: request.model, head: prefix.head, messages: turns,
            parameters: RequestTranslation.templateArguments(of: request, dialect: dialect))
        return Prompt(
            messages: prefix.prefix.messages + turns, tools: prefix.prefix.tools, headPieces: prefix.head.pieces.count, outline: outline)
    }

    /// The text of a message without breakpoints, which no template prints; a text alone in a list is that text.
    private static func words(_ message: JSON) -> String {
        guard var object = message.objectValue else { return message.text }
        object["cache_control"] = nil
        guard let parts = object["content"]?.arrayValue else { return JSON.object(object).text }
        let plain = parts.map { part -> JSON in
            guard var part = part.objectValue else { return part }
            part["cache_control"] = nil
            return .object(part)
        }
        object["content"] = plain.count == 1 ? plain[0]["text"] ?? .array(plain) : .array(plain)
        return JSON.object(object).text
    }

    private func difference(_ later: Prompt, _ earlier: Prompt, _ continuation: ClientHistory.Continuation) throws -> String? {
        let divergence = later.outline.divergence(from: earlier.outline)
        if continuation == .growsWithTools {
            // Tools stand before all messages: what can be kept is all that was before them, and the tools that were there.
            let kept = dialect.printsToolsFirst ? earlier.tools.count : earlier.headPieces
            return (divergence?.sharedPieces ?? kept) >= kept ? nil : "\(divergence?.description ?? ""), where tools were only added"
        }
        if let divergence { return divergence.description }
        // The order of members counts, as a server compares the text.
        guard later.messages.map(Self.words).starts(with: earlier.messages.map(Self.words)), later.tools.map(\.text) == earlier.tools.map(\.text)
        else {
            return "the messages are not the beginning of the later ones, which their outlines do not show"
        }
        guard let render else { return nil }
        let beginning = try render(earlier.messages, earlier.tools, false)
        let whole = try render(later.messages, later.tools, true)
        guard !whole.utf8.starts(with: beginning.utf8) else { return nil }
        let shared = zip(whole.utf8, beginning.utf8).prefix { $0 == $1 }.count
        return "the template prints something else from byte \(shared) of \(beginning.utf8.count) on: "
            + "\(String(decoding: beginning.utf8.dropFirst(max(0, shared - 40)).prefix(120), as: UTF8.self).debugDescription)"
    }
}
