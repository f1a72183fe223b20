import JSON
import Testing

@testable import InferenceRuntime

struct JinjaTests {
    private static let fixture: JSON = {
        let path = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return (try? ModelFile.json(path + "/Fixtures/templates/jinja.json")) ?? .null
    }()

    /// Expected outputs are Jinja2's own; an error there must be one here.
    @Test func rendersWhatJinjaRenders() throws {
        let cases = Self.fixture["cases"]?.arrayValue ?? []
        #expect(cases.count > 90)
        for item in cases {
            let source = item["template"]?.stringValue ?? ""
            let rendered = Result { () throws -> String in
                try ChatTemplate(source: source).render(
                    messages: Self.fixture["messages"]?.arrayValue ?? [], tools: nil, addGenerationPrompt: true,
                    options: Self.fixture["names"]?.objectValue ?? [:], now: { "NOW(\($0))" })
            }
            if let expected = item["rendered"]?.stringValue {
                #expect(try Array(rendered.get().utf8) == Array(expected.utf8), "\(source)")
            } else {
                #expect(throws: RuntimeError.self, "\(source)") { try rendered.get() }
            }
        }
    }

    @Test(arguments: [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% set x = 'a' * 1000000 %}{% for i in range(100) %}{{ x }}{% endfor %}", "{{ 'a' * 9999999999 }}",
        "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
    ])
    func aHostileTemplateIsStopped(_ source: String) {
        #expect(throws: RuntimeError.self) {
            try ChatTemplate(source: source).render(messages: [], tools: nil, addGenerationPrompt: false)
        }
    }

    @Test func anErrorNamesItsLine() {
        let error = #expect(throws: RuntimeError.self) {
            try ChatTemplate(source: "a\n\n{{ messages[0].nope.more }}").render(messages: [["role": "user"]], tools: nil, addGenerationPrompt: false)
        }
        #expect(error?.message == "chat template, line 3: 'dict object' has no attribute 'nope'")
    }

    @Test func whatATemplateRaisesIsTheMessage() {
        let error = #expect(throws: RuntimeError.self) {
            try ChatTemplate(source: "{{ raise_exception('roles must alternate') }}").render(messages: [], tools: nil, addGenerationPrompt: false)
        }
        #expect(error?.message == "roles must alternate")
    }
}
