import Conversations
import JSON
import Messages
import Testing

@Suite struct PrefixStabilityTests {
    /// For each dialect, and both treatments of system messages in mid-conversation.
    @Test(arguments: ClientScenarios.all.map(\.name))
    func aRequestExtendsTheOneBeforeIt(scenario: String) throws {
        let session = try #require(ClientScenarios.all.first { $0.name == scenario }).session
        for dialect in BackendDialect.all {
            for inlineSystem in [false, true] {
                let report = try PrefixStability(dialect: dialect, inlineSystem: inlineSystem).report(session.bodies)
                #expect(report.checked > 0)
                #expect(report.breaks.isEmpty, "\(dialect.name), inline system \(inlineSystem): \(report.breaks)")
            }
        }
    }

    /// As the native worker's templates print it, byte for byte.
    @Test(arguments: ClientScenarios.all.map(\.name))
    func aPromptExtendsTheOneBeforeIt(scenario: String) throws {
        let session = try #require(ClientScenarios.all.first { $0.name == scenario }).session
        for template in try Template.steady() {
            let stability = PrefixStability(dialect: .native, inlineSystem: template.inlineSystem, render: template.render)
            let report = try stability.report(session.bodies)
            #expect(report.checked > 0)
            #expect(report.breaks.isEmpty, "\(template): \(report.breaks)")
        }
    }

    /// Where a model must not see its older thoughts, what it did since the last question is computed anew at the next one, and nothing else.
    @Test func onlyForgottenThoughtsAreLost() throws {
        let template = try Template.forgetful()
        for (name, session) in ClientScenarios.all {
            let stability = PrefixStability(dialect: .native, inlineSystem: true, render: template.render)
            let report = try stability.report(session.bodies)
            #expect(report.breaks.count == (name == "tools and thoughts" ? 1 : 0), "\(name): \(report.breaks)")
        }
    }

    @Test func foundToolsStandBehindAllOthers() throws {
        let session = try #require(ClientScenarios.all.first { $0.name == "search for tools" }).session
        for dialect in BackendDialect.all {
            let stability = PrefixStability(dialect: dialect, inlineSystem: true)
            let before = try stability.outline(of: session.bodies[0])
            let after = try stability.outline(of: session.bodies[1])
            if dialect.lateTools == .inMessages {
                #expect(after.extends(before), "\(dialect.name)")
            } else {
                let divergence = try #require(after.divergence(from: before))
                #expect(divergence.section == .tools && divergence.change == .inserted, "\(dialect.name): \(divergence)")
                #expect(divergence.sharedPieces >= before.pieces.count { $0.place.section == .tools }, "\(dialect.name): \(divergence)")
            }
            // And from then on nothing changes.
            #expect(try stability.outline(of: session.bodies[2]).extends(after))
        }
    }

    /// The attribution block depends on the first prompt, and never reaches a model.
    @Test func sessionsWithOtherFirstPromptsShareToolsAndSystem() throws {
        let one = ClientScenarios.words(thinks: false, ClientSession("a", release: "0f3"))
        var other = ClientSession("b", release: "9c1")
        other.say("Something else")
        other.send()
        for dialect in BackendDialect.all {
            let stability = PrefixStability(dialect: dialect, inlineSystem: true)
            let (first, second) = (try stability.outline(of: one.bodies[0]), try stability.outline(of: other.bodies[0]))
            let head = first.pieces.count { $0.place.section != .messages }
            #expect(head > 2)
            #expect(second.sharedPieces(with: first) == head, "\(dialect.name)")
        }
    }

    /// In another folder the client's own words differ at the folder's name, and not before.
    @Test func sessionsInOtherFoldersShareAllUpToTheirName() throws {
        let one = ClientScenarios.words(thinks: false, ClientSession("a", folder: "/src/one")).bodies[0]
        let other = ClientScenarios.words(thinks: false, ClientSession("b", folder: "/src/two")).bodies[0]
        for template in try Template.steady() {
            let texts = try [one, other].map { body -> String in
                let request = try MessagesRequest(body)
                let prefix = try RequestTranslation.prefix(of: request, dialect: .native)
                return try template.render(prefix.messages, prefix.tools, false)
            }
            let shared = zip(texts[0].utf8, texts[1].utf8).prefix { $0 == $1 }.count
            #expect(texts[0].utf8.dropFirst(shared).starts(with: "one/memory".utf8), "\(template)")
        }
    }

    /// The check itself fails where a prompt does not grow.
    @Test func aBrokenPromiseIsFound() throws {
        let bodies = ClientScenarios.words(thinks: false).bodies
        let counting = PrefixStability(dialect: .native, inlineSystem: true) { messages, _, _ in "\(messages.count) messages: \(messages.map(\.text))"
        }
        let report = try counting.report(bodies)
        #expect(report.breaks.count == bodies.count - 1)
        #expect(report.breaks.first?.reason.contains("from byte 0 of") == true)
    }
}
