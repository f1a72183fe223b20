import Testing

@testable import Messages

@Suite struct PromptRulesTests {
    private static func shape(_ text: String, _ tier: PromptTier?, tools: [String]? = nil, plugins: Bool = false) -> String {
        PromptRules(tier: tier, allowedTools: tools.map(ToolAllowList.init), dropsPlugins: plugins).shape(text)
    }

    private static let filler = String(repeating: "\n\nThis fills the text up. It says nothing. It is long. It ends here.", count: 8)

    @Test(arguments: [
        (PromptTier.minimal, "One. Two. Three.", true), (.moderate, "One. Two.", false), (.aggressive, "One.", false),
    ])
    func sentences(tier: PromptTier, expected: String, keepsCode: Bool) {
        let shaped = Self.shape("One. Two. Three. Four.\n\n```\ncode. Two. Three. Four.\n```" + Self.filler, tier)
        #expect(shaped.hasPrefix(expected + "\n\n") && shaped.contains("```") == keepsCode, "\(shaped)")
    }

    @Test func whatEndsASentence() {
        #expect(Sentences.prefix(of: "Use e.g. this. Then that.", sentences: 1) == "Use e.g. this.")
        #expect(Sentences.prefix(of: "See a.b.c and 1.5 now! Yes", sentences: 1) == "See a.b.c and 1.5 now!")
        #expect(Sentences.prefix(of: "no end", sentences: 1) == "no end")
        #expect(Sentences.prefix(of: "One.\nTwo.", sentences: 1) == "One.")
        #expect(Sentences.cut("aé bé cé", to: 6) == "aé…" && Sentences.cut("ééééé", to: 3) == "é…" && Sentences.cut("ab", to: 2) == "ab")
    }

    @Test func headingsStandAboveSomething() {
        let text = "# One\n## Two\nText here.\n# Three\n```\nx\n```\n# Four\n" + Self.filler
        let shaped = Self.shape(text, .moderate)
        #expect(shaped.hasPrefix("# One\n## Two\nText here.\n\n# Four\nThis fills"), "\(shaped)")
    }

    @Test func listsOfWhatIsNotOfferedGo() {
        let text = "Before.\n\nAgents for use with the Agent tool:\n- a: b\n\n- c: d\n\nNames via ToolSearch:\nOne\nTwo\n\nAfter, the Read tool:\n- x"
        #expect(Self.shape(text, nil, tools: ["Read"]) == "Before.\n\nAfter, the Read tool:\n- x")
        #expect(Self.shape(text, nil, tools: ["Read", "Agent", "toolsearch"]) == text)
        #expect(Self.shape("See things via Docker:\n- x", nil, tools: []) == "See things via Docker:\n- x")
    }

    @Test func plugins() {
        let text = "Hi.\n\n# Plugins and more\nText.\n## Below\nText.\n# Other\nYour skills:\n- a\n\nEnd of it."
        #expect(Self.shape(text, nil, plugins: true) == "Hi.\n\n# Other\nEnd of it.")
        #expect(Self.shape("A skillful hand.\n\n# Mcpx\nText.", nil, plugins: true) == "A skillful hand.\n\n# Mcpx\nText.")
    }

    /// Any text gives a shorter one, the same each time, and nothing is left to take away a second time but what a mark stands for.
    @Test func anyText() {
        var random = SeededGenerator(7)
        let parts = [
            "# A\n", "## B\n", "- x: y\n", "1. z. w. v.\n", "```\n", "\n", "\n\n", "é. ", "The Skill tool:\n", "plugins ", "word ", ": ", "\r\n", "…",
            "🦊 ",
        ]
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 0..<60, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            for tier in [nil] + PromptTier.allCases.map(Optional.some) {
                let rules = PromptRules(tier: tier, allowedTools: ToolAllowList(["Bash"]), dropsPlugins: true)
                let shaped = rules.shape(text)
                #expect(shaped == rules.shape(text))
                // Empty lines that set units apart may be new where a writer left them out.
                #expect(shaped.utf8.count <= text.utf8.count + text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) + 3, "\(text.debugDescription)")
            }
        }
    }
}
