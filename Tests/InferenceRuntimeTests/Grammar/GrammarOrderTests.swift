import JSON
import Testing

@testable import InferenceRuntime

/// Requests with the same grammar share its tables: what one of them read must not change what another may say.
struct GrammarOrderTests {
    /// After `y` two calls are open, after `x` and `z` one of them each; and what follows the one call, or the other, has more ways than are
    /// followed, so that there is only room for one of the two.
    private func grammar() -> Grammar {
        var builder = GrammarBuilder()
        let all = builder.reserveRule()
        let inner = builder.reserveRule()
        let innerEnd = builder.end()
        builder.define(inner, builder.bytes(ByteSet("r".utf8), innerEnd))
        let end = builder.end()
        func many(_ byte: String) -> Grammar.NodeID {
            (0..<19).reduce(builder.bytes(ByteSet(byte.utf8), end)) { next, _ in builder.any([next, next]) }
        }
        let calls = ["p", "q"].map { builder.call(inner, many($0)) }
        let ways = [("x", calls[0]), ("y", calls[0]), ("y", calls[1]), ("z", calls[1])].map { builder.bytes(ByteSet($0.0.utf8), $0.1) }
        builder.define(all, builder.any(ways))
        return builder.grammar()
    }

    private func read(_ text: String, _ states: inout GrammarStates) -> GrammarStates.StateID {
        var state = states.start()
        for byte in text.utf8 where state >= 0 { state = states.state(after: state, Int(byte)) }
        return state
    }

    /// The places of a state, as what the grammar says of them.
    private func places(_ state: GrammarStates.StateID, _ states: GrammarStates) -> [[Int32]] {
        guard state >= 0 else { return [] }
        return states.places[Int(state)].map { place in
            var chain = [place.node]
            var id = place.frame
            while id >= 0 {
                let frame = states.frames[Int(id)]
                chain += [frame.node, frame.count]
                id = frame.parent
            }
            return chain
        }
    }

    @Test(arguments: ["xr", "zr", "zryr", "xrzr"])
    func whatWasReadBeforeDoesNotDecideWhatMayFollow(_ before: String) {
        let grammar = grammar()
        var fresh = GrammarStates(grammar)
        let expected = read("yr", &fresh)
        var used = GrammarStates(grammar)
        _ = read(before, &used)
        let (open, expectedOpen) = (read("y", &used), read("y", &fresh))
        #expect(places(open, used) == places(expectedOpen, fresh))
        let state = read("yr", &used)
        #expect(places(state, used) == places(expected, fresh))
        let (end, expectedEnd) = (used.shortestEnd(of: state), fresh.shortestEnd(of: expected))
        #expect(end == expectedEnd && end.count == 1)
        var other = GrammarStates(grammar)
        let adopted = other.adopt(state, from: used)
        #expect(places(adopted, other) == places(expected, fresh))
    }

    /// The shortest ends of all states on the way of a text, in tables of their own and in tables that others have used.
    @Test(arguments: [
        #"{"anyOf":[{"type":"array","items":{"enum":["ab","ac"]},"minItems":2},{"type":"array","items":{"enum":["ab","b"]},"minItems":3}]}"#,
        ##"{"$ref":"#/$defs/v","$defs":{"v":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/v"},"minItems":1},{"type":"array","items":{"anyOf":[{"const":1},{"$ref":"#/$defs/v"}]},"minItems":2},{"const":1}]}}}"##,
    ])
    func plansAreTheGrammarsAlone(_ schema: String) throws {
        let grammar = try AnswerGrammar(AnswerForm(format: try JSON(parsing: schema)), dialect: nil, notation: nil, markers: []).grammar
        let texts = [#"["ab", "b", "ab"]"#, #"["ac", "ab"]"#, "[[1, 1], [1]]", "[1, [1, [1], 1]]", "[[[[1]]]]"]
        var used = GrammarStates(grammar)
        for text in texts.reversed() { _ = read(text, &used) }
        for text in texts {
            var fresh = GrammarStates(grammar)
            for count in 0...text.utf8.count {
                let part = String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self)
                let (one, other) = (read(part, &used), read(part, &fresh))
                #expect(places(one, used) == places(other, fresh), "\(part)")
                guard one >= 0, other >= 0 else { break }
                let (end, otherEnd) = (used.shortestEnd(of: one), fresh.shortestEnd(of: other))
                #expect(end == otherEnd, "\(part)")
            }
        }
    }
}
