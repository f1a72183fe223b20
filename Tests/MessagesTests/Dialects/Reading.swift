import JSON

@testable import Messages

/// An answer read in pieces of some size, put together.
struct Reading: Equatable, CustomStringConvertible {
    var text = ""
    var reasoning = ""
    var calls: [Call] = []

    struct Call: Equatable {
        var name: String
        var arguments = ""
        var isFinished = false
    }

    init(_ text: String, _ settings: OutputParser.Settings, pieces size: Int, isComplete: Bool = true) {
        var parser = OutputParser(settings) { "call_\($0)" }
        var events: [OutputEvent] = []
        let scalars = Array(text.unicodeScalars)
        for start in stride(from: 0, to: scalars.count, by: size) {
            var piece = String.UnicodeScalarView()
            piece.append(contentsOf: scalars[start..<min(start + size, scalars.count)])
            events += parser.read(String(piece))
        }
        for event in events + parser.finish(isComplete: isComplete) {
            switch event {
            case .text(let more): self.text += more
            case .reasoning(let more): reasoning += more
            case .toolCallStarted(let index, _, let name):
                precondition(index == calls.count)
                calls.append(Call(name: name))
            case .argumentsDelta(let index, let more): calls[index].arguments += more
            case .toolCallFinished(let index): calls[index].isFinished = true
            }
        }
    }

    static let weather = OpenAI.Tool(
        name: "get_weather", parameters: ["type": "object", "properties": ["city": ["type": "string"], "days": ["type": "integer"]]])

    static let tag = OpenAI.Tool(name: "tag", parameters: ["type": "object", "properties": ["tags": ["type": "array"]]])

    /// The same in whatever pieces the text comes; nil where it is not.
    static func inAnyPieces(_ text: String, _ dialect: any ToolCallDialect, isComplete: Bool = true, reasoning: Bool = false) -> Reading? {
        let settings = OutputParser.Settings(dialect: dialect, tools: ToolSchemas([weather, tag]), readsReasoning: reasoning)
        let readings = [1, 2, 3, 5, 8, 13, 10_000].map { Reading(text, settings, pieces: $0, isComplete: isComplete) }
        return readings.allSatisfy { $0 == readings[0] } ? readings[0] : nil
    }

    var description: String { "text \(text.debugDescription), reasoning \(reasoning.debugDescription), calls \(calls)" }
}
