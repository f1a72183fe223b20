import JSON
import Testing

@testable import Messages

@Suite struct RequestShapingTests {
    static let agent = RequestShaping(
        allowedTools: ToolAllowList(["bash", "Read", "Wr*", "edit"]), stubsTools: true, tier: .extreme, dropsPlugins: true, thinking: .slash)

    private static func shape(_ shaping: RequestShaping, _ json: JSON = ClientBody.json()) throws -> (request: MessagesRequest, report: ShapingReport)
    {
        try shaping.shape(MessagesRequest(json))
    }

    @Test func nothingIsShapedWhereNothingIsConfigured() throws {
        let (request, report) = try Self.shape(RequestShaping())
        #expect(JSON.object(request.json) == ClientBody.json() && report.steps.isEmpty && report.json == [])
    }

    @Test func aBodyOfTheClientBecomesSmall() throws {
        let before = ClientBody.json().bytes.count
        let (request, report) = try Self.shape(Self.agent)
        let after = JSON.object(request.json).bytes.count
        #expect(before > 65_000 && after < 6_000, "\(before) to \(after) bytes")
        #expect(request.tools.compactMap { $0["name"]?.stringValue } == ["Bash", "Edit", "Read", "Write"])
        #expect(report.steps.map(\.part) == [.tools, .toolDescriptions, .prompt, .thinking])
        #expect(report.steps[0].removed == ["Agent", "Glob", "Grep", "ScheduleWakeup", "Skill", "ToolSearch", "WebFetch", "Workflow", "Placeholder"])
        for step in report.steps.dropLast() { #expect(step.after < step.before, "\(step)") }
        #expect(report.steps[0].after == report.steps[1].before)
        // All that the user said is there, byte for byte.
        #expect(request.json["messages"]?[0] == ClientBody.turns[0])
        #expect(request.thinking == .off && request.stream && request.maxTokens == 32000)
    }

    @Test func whatStaysOfTheClientsWords() throws {
        let (request, _) = try Self.shape(Self.agent)
        let texts = (request.json["system"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }
        #expect(
            texts == [
                "x-anthropic-billing-header: cc_version=2.1.329.abc;", "You are a helper.", "You are an agent at the command line.", "/no_think",
            ])
        #expect(
            request.json["messages"]?[1]?["content"]?[0]?["text"]?.stringValue == """
                # Environment
                This is where you are:
                 - Working directory: /home/u/work
                 - Platform: linux
                 - Is a repository: true

                You are powered by the model local.

                Today's date is 2026-11-27.
                """)
        // A breakpoint is none of the words.
        #expect(request.json["messages"]?[1]?["content"]?[0]?["cache_control"] != nil)
    }

    @Test func aStubHasNamesAndTypes() {
        #expect(
            ToolStub.stub(ClientBody.tool("Read")) == [
                "name": "Read", "description": "Does the work of Read on this machine.",
                "input_schema": [
                    "type": "object",
                    "properties": [
                        "description": ["type": "string"], "path": ["type": "string"],
                        "mode": ["type": "string", "enum": ["content", "description", "count"]], "limit": ["type": "integer"],
                        "edits": ["type": "array", "items": ["allOf": [["type": "object", "properties": ["title": ["type": "string"]]]]]],
                    ],
                    "required": ["path", "description"], "additionalProperties": false,
                ],
            ])
    }

    @Test(arguments: [
        ("Bash", "bash", true), ("Bash", "Bashful", false), ("mcp__*", "mcp__git__log", true), ("mcp__*__log", "MCP__git__LOG", true),
        ("mcp__*__log", "mcp__log", false), ("*", "", true), ("a*b*c", "axbxbxc", true), ("a*b*c", "acb", false), ("*x", "ax", true),
        ("a*a", "a", false),
    ])
    func namesAndWildcards(pattern: String, name: String, isAllowed: Bool) {
        #expect(ToolAllowList([pattern]).allows(name) == isAllowed)
    }

    @Test func theDemandedToolStays() throws {
        var json = ClientBody.json().objectValue ?? [:]
        json["tool_choice"] = ["type": "tool", "name": "Skill"]
        #expect(try Self.shape(RequestShaping(allowedTools: ToolAllowList(["Bash"])), .object(json)).request.tools.count == 2)
        json["tool_choice"] = ["type": "any"]
        let none = try Self.shape(RequestShaping(allowedTools: ToolAllowList([])), .object(json)).request
        #expect(none.tools.isEmpty && none.toolChoice == nil)
    }

    /// What offers no tools of the client is no conversation: naming a session, a search at the API's side.
    @Test(arguments: [[], [["type": "web_search_20250305", "name": "web_search"]]] as [[JSON]])
    func sideCallsKeepTheirWords(tools: [JSON]) throws {
        let json = ClientBody.json(tools: tools)
        let (request, report) = try Self.shape(Self.agent, json)
        #expect(request.json["tools"] == json["tools"] && request.json["messages"] == json["messages"])
        #expect(report.steps.map(\.part) == [.thinking])
    }

    @Test func theWordsAgainstThinking() throws {
        let system: (JSON?, ThinkingWord) throws -> JSON? = { system, word in
            var json = ClientBody.json().objectValue ?? [:]
            json["system"] = system
            let (request, _) = try Self.shape(RequestShaping(thinking: word), .object(json))
            #expect(request.thinking == .off)
            return request.json["system"]
        }
        #expect(try system("Be brief.", .slash) == "Be brief.\n\n/no_think")
        #expect(try system("Be brief.", .nemotron) == "detailed thinking off\n\nBe brief.")
        #expect(try system("Be brief.", .template) == "Be brief.")
        #expect(try system(nil, .slash) == "/no_think" && system("", .slash) == "/no_think")
        #expect(try system([["type": "text", "text": "a"]], .nemotron)?[0]?["text"] == "detailed thinking off")
    }

    /// A request that is none stays one that is refused, in the same words.
    @Test func aCountHasNoLength() throws {
        var json = ClientBody.json().objectValue ?? [:]
        json["max_tokens"] = nil
        #expect(try Self.agent.shape(MessagesRequest(.object(json), isCount: true)).request.maxTokens == nil)
    }
}
