import Conversations
import Foundation
import JSON

@testable import InferenceRuntime

/// Chat templates as the native runtime renders them.
struct Template: Sendable, CustomStringConvertible {
    let name: String
    let template: ChatTemplate
    /// It renders a system message wherever it stands.
    let inlineSystem: Bool

    var description: String { name }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    init(_ name: String, file: String, inlineSystem: Bool) throws {
        self.name = name
        self.inlineSystem = inlineSystem
        template = try ChatTemplate(source: try String(contentsOfFile: "\(Self.root)/\(file)", encoding: .utf8))
    }

    /// Those that print a conversation's beginning the same however it goes on.
    static func steady() throws -> [Template] {
        try [
            Template("chatml", file: "Tests/Fixtures/templates/chat/chatml.jinja", inlineSystem: true),
            Template("tools-first", file: "Tests/Fixtures/templates/chat/tools-first.jinja", inlineSystem: true),
            Template("strict", file: "Tests/Fixtures/templates/chat/strict.jinja", inlineSystem: false),
            Template("the demo model's", file: "examples/models/training/chat_template.jinja", inlineSystem: false),
        ]
    }

    static func forgetful() throws -> Template {
        try Template("forgets-thoughts", file: "Tests/Fixtures/templates/chat/forgets-thoughts.jinja", inlineSystem: true)
    }

    /// As the worker renders what it is sent.
    var render: PrefixStability.Render {
        { [template] messages, tools, addGenerationPrompt in
            try template.render(
                messages: try ServedModel.forTemplate(messages, areLateAtHead: tools.isEmpty, template), tools: tools.isEmpty ? nil : tools,
                addGenerationPrompt: addGenerationPrompt, options: ["enable_thinking": true])
        }
    }
}
