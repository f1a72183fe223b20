import JSON

/// Sessions that show each habit of the client which a prompt could break on.
public enum ClientScenarios {
    public static let all: [(name: String, session: ClientSession)] = [
        ("words alone", words(thinks: false)), ("words and thoughts", words(thinks: true)), ("tools", tools(thinks: false)),
        ("tools and thoughts", tools(thinks: true)), ("parallel results", parallel()),
        ("pictures", pictures()), ("reminders everywhere", reminders()), ("compact", compact()), ("search for tools", search()),
        ("sub-agent", subagent()),
        ("malformed calls", malformed()),
    ]

    public static func words(thinks: Bool, _ session: ClientSession = ClientSession("words")) -> ClientSession {
        var session = session
        session.say("Hello")
        session.remind(ClientSession.reminder)
        for turn in 1...5 {
            session.send()
            session.answer("Answer \(turn).", thinking: thinks ? "Thought \(turn)" : nil)
            session.say("Question \(turn)?\n\nWith two paragraphs.")
        }
        session.send()
        return session
    }

    private static func tools(thinks: Bool) -> ClientSession {
        var session = ClientSession(thinks ? "thoughts" : "tools")
        session.say("Run the tests")
        session.remind(ClientSession.reminder)
        session.send()
        for step in 1...6 {
            let ids = session.call(
                [("Bash", ["command": .string("make test-\(step)"), "timeout": 120])], saying: step % 2 == 0 ? "Next." : nil,
                thinking: thinks ? "Step \(step)" : nil)
            session.results([(ids[0], .string("line 1\nline \(step)\n"))], isError: step == 3)
            session.send()
        }
        session.answer("All pass.")
        session.say("Thanks")
        session.send()
        return session
    }

    private static func parallel() -> ClientSession {
        var session = ClientSession("parallel")
        session.say("Read three files")
        session.send()
        for step in 1...3 {
            let ids = session.call(["a", "b", "c"].map { ("Read", ["file_path": .string("/\($0)\(step)")]) }, saying: "All three at once.")
            session.results([(ids[1], "second"), (ids[2], .array([["type": "text", "text": "third"]])), (ids[0], "first")])
            session.send()
        }
        return session
    }

    private static func pictures() -> ClientSession {
        var session = ClientSession("pictures")
        session.say("Look at it")
        session.send()
        for step in 1...3 {
            let ids = session.call([("Read", ["file_path": .string("/p\(step).png")]), ("Bash", ["command": "ls"])])
            let picture: JSON = ["type": "image", "source": ["type": "base64", "media_type": "image/png", "data": .string("iVBORw0KGgo\(step)")]]
            session.results([(ids[0], [picture]), (ids[1], "a b")])
            session.send()
        }
        session.answer("Seen.")
        session.say("And now?")
        session.send()
        return session
    }

    private static func reminders() -> ClientSession {
        var session = ClientSession("reminders")
        session.say("Begin")
        session.remind(ClientSession.reminder)
        session.say("I meant: begin now")
        session.send()
        for step in 1...4 {
            let ids = session.call([("Bash", ["command": "date"]), ("Grep", ["pattern": .string("x\(step)")])])
            session.results([(ids[0], "today")])
            if step == 2 { session.remind("Between two results.") }
            session.results([(ids[1], "")])
            if step % 2 == 1 { session.remind("After results, \(step).") }
            if step == 3 { session.say("By the way") }
            session.send()
            session.answer("Step \(step) is done.")
            session.say("Go on")
            if step == 4 { session.remind("One.") }
            if step == 4 { session.remind("Two.") }
            session.send()
        }
        return session
    }

    private static func compact() -> ClientSession {
        var session = words(thinks: true, ClientSession("compact"))
        session.answer("Last answer.")
        session.say(String(repeating: "Write a summary of all that was said, as text only. ", count: 40))
        session.send()
        session.compacted(summary: "five questions, five answers")
        session.send()
        session.answer("I go on.")
        session.say("Good")
        session.send()
        return session
    }

    private static func search() -> ClientSession {
        var session = ClientSession("search")
        session.say("Fetch a page")
        session.remind(ClientSession.reminder)
        session.send()
        let ids = session.call([("ToolSearch", ["query": "select:WebFetch,CronCreate"])])
        session.results([(ids[0], [["type": "tool_reference", "tool_name": "WebFetch"], ["type": "tool_reference", "tool_name": "CronCreate"]])])
        session.tools = ClientTools.withFound(["CronCreate", "WebFetch"])
        session.send()
        let fetch = session.call([("WebFetch", ["url": "https://example.org/"])])
        session.results([(fetch[0], "a page")])
        session.send()
        session.answer("Read.")
        session.say("And again")
        session.send()
        return session
    }

    private static func subagent() -> ClientSession {
        var session = ClientSession("tools", agentID: "agent-1", tools: ClientTools.subagent)
        session.say("Find every file that names the port")
        session.send()
        let ids = session.call([("Grep", ["pattern": "8788"])])
        session.results([(ids[0], "README.md:1")])
        session.send()
        return session
    }

    private static func malformed() -> ClientSession {
        var session = ClientSession("malformed")
        session.say("Edit it")
        session.send()
        let ids = session.call([("Edit", ["__unparsedToolInput": ["raw": #"{"old": "a"#, "len": 10]]), ("Bash", [:])])
        session.results([(ids[0], "InputValidationError: not JSON")], isError: true)
        session.results([(ids[1], "done")])
        session.send()
        session.answer("Once more.")
        session.say("Yes")
        session.send()
        return session
    }
}
