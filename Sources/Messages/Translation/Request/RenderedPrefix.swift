import JSON

/// Tools and system of a request as a server gets them, with the text of each, so that a session writes them once.
public struct RenderedPrefix: Sendable {
    public let prefix: RequestTranslation.Prefix
    /// The same without its words.
    public let head: PromptOutline.Head
    /// `[…]`
    private let tools: [UInt8]
    /// `{…},{…}`
    private let messages: [UInt8]

    public init(_ prefix: RequestTranslation.Prefix, dialect: BackendDialect) {
        self.prefix = prefix
        head = PromptOutline.Head(tools: prefix.tools, system: prefix.system, printsToolsFirst: dialect.printsToolsFirst)
        tools = JSON.array(prefix.tools).bytes
        messages = Array(prefix.messages.map(\.bytes).joined(separator: [UInt8(ascii: ",")]))
    }

    /// About what it holds in memory.
    public var bytes: Int { 2 * (tools.count + messages.count) }

    /// The text of a request's body, in which the prefix may stand or be left out.
    ///
    /// It is `JSON.object(body).bytes`, byte for byte.
    public func text(of body: JSONObject) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(tools.count + messages.count + (64 << 10))
        text.append(UInt8(ascii: "{"))
        for (index, member) in body.members.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            JSON.string(member.key).write(to: &text)
            text.append(UInt8(ascii: ":"))
            switch (member.key, member.value) {
            // Equal at once where they are what this prefix was made from: both then share their storage.
            case ("tools", .array(let value)) where value == prefix.tools: text += tools
            case ("messages", .array(let value)) where !prefix.messages.isEmpty && value.starts(with: prefix.messages): write(value, into: &text)
            default: member.value.write(to: &text)
            }
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    private func write(_ list: [JSON], into text: inout [UInt8]) {
        text.append(UInt8(ascii: "["))
        text += messages
        for message in list[prefix.messages.count...] {
            text.append(UInt8(ascii: ","))
            message.write(to: &text)
        }
        text.append(UInt8(ascii: "]"))
    }
}
