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
        #expect(cases.count > 150)
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

    /// What would use up the stack, the memory or the day.
    enum Hostile: String, CaseIterable {
        case macroCallsItself = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"
        case defaultCallsItsMacro = "{% macro m(x=m()) %}{% endmacro %}{{ m() }}"
        case loops = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}"
        case output = "{% set x = 'a' * 1000000 %}{% for i in range(100) %}{{ x }}{% endfor %}"
        case longText = "{{ 'a' * 9999999999 }}"
        case manyLongTexts = "{% set n = namespace(x=[]) %}{% for i in range(1000) %}{% set n.x = n.x + ['a' * 60000000] %}{% endfor %}"
        case joinedTexts = "{% set x = 'a' * 60000000 %}{{ [x, x, x]|join }}"
        case doublingTuple = "{% set n = namespace(x=(1, 2)) %}{% for i in range(64) %}{% set n.x = n.x + n.x %}{% endfor %}"
        case doublingTree = "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}"
        case deepList = "{% set n = namespace(x=[]) %}{% for i in range(100000) %}{% set n.x = [n.x] %}{% endfor %}"
        case comparisons = "{% for i in range(100000)|unique %}{% endfor %}"
        case formatWidth = "{{ '%999999999d' % 1 }}"
        case specifiedWidth = "{{ '{:>999999999}'.format('x') }}"
        case manyDigits = "{{ '%.999999f' % 1.5 }}"
        case centered = "{{ 'x'|center(999999999) }}"
        case tabs = "{{ ('\\t' * 1000000).expandtabs(1000000) }}"
        case manySlices = "{{ [1]|slice(999999999)|list }}"
        case summedLists = "{% set x = [1] * 1000000 %}{{ ([x] * 1000)|sum(start=[]) }}"
        case widestRange = "{{ range(0, -9223372036854775807 - 1, -1) }}"
        case parentheses, sums, filters, members, conditionals, negatedMacros

        var source: String {
            func chain(_ link: String, _ count: Int = 200_000) -> String { String(repeating: link, count: count) }
            return switch self {
            case .parentheses: "{{ " + chain("(", 5000) + "1" + chain(")", 5000) + " }}"
            case .sums: "{{ 1" + chain(" + 1") + " }}"
            case .filters: "{{ 'a'" + chain("|trim") + " }}"
            case .members: "{{ a" + chain(".b") + " }}"
            case .conditionals: "{{ 1" + chain(" if 1") + " }}"
            case .negatedMacros: "{% macro m() %}{{ " + chain("not ", 90) + "m() }}{% endmacro %}{{ m() }}"
            default: rawValue
            }
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: Hostile.allCases)
    func aHostileTemplateIsStopped(_ template: Hostile) {
        #expect(throws: RuntimeError.self) {
            try ChatTemplate(source: template.source).render(messages: [], tools: nil, addGenerationPrompt: false)
        }
    }

    /// What Python computes, or refuses, at the limits of 64 bits.
    @Test(arguments: [
        ("{{ (-9223372036854775807 - 1) is divisibleby(-1) }}", "True"), ("{{ '12'|int(7, 99) }}", "12"), ("{{ 'ff'|int(7, 16) }}", "255"),
        ("{{ 'zz'|int(7, 0) }}", "7"), ("{{ [1, 2, 3][::9223372036854775807] }}", "[1]"), ("{{ [1, 2, 3][::-9223372036854775807] }}", "[3]"),
        ("{{ [1, 2, 3][-9223372036854775807:] }}", "[1, 2, 3]"),
    ])
    func numbersAtTheLimits(_ source: String, _ expected: String) throws {
        #expect(try ChatTemplate(source: source).render(messages: [], tools: nil, addGenerationPrompt: false) == expected)
    }

    /// A macro and its scope hold each other: a server would keep every conversation that it ever rendered.
    @Test func aRenderingLeavesNothingBehind() throws {
        weak var scope: TemplateScope?
        weak var namespace: TemplateNamespace?
        do {
            let evaluator = TemplateEvaluator(budget: .init(), clock: { $0 })
            let source = "{% macro m(x) %}{{ x }}{% endmacro %}{% set n.self = n %}{% set n.m = m %}{{ m('a') }}{{ n.m('b') }}"
            let names = TemplateScope(parent: nil, ["n": .namespace(evaluator.makeNamespace())])
            if case .namespace(let made)? = names.value("n") { namespace = made }
            scope = names
            #expect(try evaluator.render(TemplateParser.parse(source), in: names) == "ab")
        }
        #expect(scope == nil)
        #expect(namespace == nil)
    }

    /// A long conversation costs its length, not microseconds for each character.
    @Test(.timeLimit(.minutes(10))) func aLongTextIsTrimmedInNoTime() throws {
        let text = String(repeating: "word ", count: 4_000_000)
        let rendered = try ChatTemplate(source: "{{ messages[0].content|trim }}{{ messages[0].content.strip() }}").render(
            messages: [["content": .string(text)]], tools: nil, addGenerationPrompt: false)
        #expect(rendered.utf8.count == 2 * (text.utf8.count - 1))
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
