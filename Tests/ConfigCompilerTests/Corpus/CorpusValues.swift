import JSON

@testable import ConfigCompiler

/// Values for each form of `ValueType`: those that it takes, and those around its borders.
enum CorpusValues {
    /// Values that the type takes.
    static func good(_ type: ValueType) -> [JSON] {
        switch type {
        case .boolean: [true, false]
        case .integer(let range): [range.lowerBound, (range.lowerBound + range.upperBound) / 2, range.upperBound].map { .integer($0) }
        case .decimal(let range):
            [range.lowerBound, (range.lowerBound + range.upperBound) / 2, range.upperBound].map { Decimals.json($0) } + [0.123456789]
        case .string: ["x", "a b", "ünïcödé 🦊", "~", "null", "yes", " ", "a: b", "#"]
        case .prose: ["", "any: text", "{"]
        case .choice(let choices): choices.flatMap { [$0.name] + $0.aliases }.map { .string($0) }
        case .duration(let range): durations(range)
        case .milliseconds(let range): durations(range) + [.integer(range.lowerBound), .integer(range.upperBound)]
        case .size(let range): sizes(range)
        case .path: ["/a", "./a", "../../a", "~", "~/a", "a b/c", "a~b", "/", "//a/./b"]
        case .url: urls
        case .host: ["127.0.0.1", "0.0.0.0", "::", "::1", "localhost", "a.b-c_d.E", .string(String(repeating: "a", count: 63)), "fe80::1.2.3.4"]
        case .name: ["a", "0", "a-b", "a-", .string(String(repeating: "n", count: 32))]
        case .httpPath: ["/", "/health", "/a?b=c#d", "/~!@"]
        case .secret: references + Checker.placeholders.sorted().map { .string($0) } + [nil]
        case .processors: ["0-3", "0,2,4-7", "8191", "0000-0001", "1,1", 0, 8191]
        case .names: [[], ["a"], ["a-b", "0"]]
        case .texts: [[], ["a"], ["a b", "*", "ä"]]
        case .arguments: [["a"], ["./serve", "", "--port", "1"]]
        case .variables: [[:], ["A": "b", "_a1": "", "// x": 1], ["HF_TOKEN": ["env": "HF_TOKEN"]]]
        case .section: [nil, [:], ["// x": [1, nil]]]
        case .list: [[]]
        case .named: [nil, [:], ["claude": nil]]
        case .optional: ["none", nil, [:]]
        case .files: [[], ["a.yaml"], ["a/b.json", "c"]]
        case .members: [[:], ["a": 1, "b": ["c": [nil, 0.5]], "// x": "y"]]
        case .anything: [nil, 1, "x", [], [:], false]
        }
    }

    private static func durations(_ range: ClosedRange<Int>) -> [JSON] {
        let bounds = [range.lowerBound, range.upperBound].flatMap { ["\($0)ms", Quantity.text(milliseconds: $0)] }
        let others = [(5000, "5s"), (1500, "1.5s"), (5000, "5 s"), (5_400_000, "1h30m"), (90_500, "1m 30s".replacing(" ", with: "") + "500ms")]
        return (bounds + others.filter { range.contains($0.0) }.map(\.1)).map { .string($0) }
    }

    private static func sizes(_ range: ClosedRange<Int>) -> [JSON] {
        let bounds = [range.lowerBound, range.upperBound].flatMap { ["\($0)B", Quantity.text(bytes: $0)] }
        let others = [(1 << 29, "512MiB"), (1_500_000, "1.5MB"), (64 << 20, "64 MiB"), (2_000_000, "2000kB"), (2_000_000, "2000KB")]
        return (bounds + others.filter { range.contains($0.0) }.map(\.1)).map { .string($0) }
    }

    private static let urls: [JSON] = [
        "http://localhost:8081/v1", "https://h", "HTTP://H/", "http://[::1]:1/", "http://[abc]:65535/a/b", "http://a_b.c:00080", "http://h/p@q",
        "http://1.2.3.4:8081/v1/%20",
    ]

    private static let references: [JSON] = [
        ["env": "A_1"], ["env": "1"], ["file": "~/k"], ["file": "k"], ["credential": "a.b-c_1"], ["env": "A", "// why": 1],
        ["env": .string(String(repeating: "A", count: 255))],
    ]

    /// Values beside the borders of what the type takes, nearly all of them wrong.
    static func border(_ type: ValueType) -> [JSON] {
        switch type {
        case .integer(let range), .milliseconds(let range):
            [range.lowerBound - 1, range.upperBound + 1].map { .integer($0) } + [.string("\(range.lowerBound)"), .string("\(range.upperBound)s")]
        case .decimal(let range): [Decimals.json(range.lowerBound - 1), Decimals.json(range.upperBound + 1), "0.5", true, [], nil]
        case .boolean: ["yes", "true", "off", 0, 1]
        case .string: ["a\u{0}b", "a${B}", "${}"]
        case .prose: ["${A}"]
        case .choice(let choices): [.string(choices[0].name + "x"), .string(choices[0].name.uppercased()), .string(" " + choices[0].name)]
        case .duration: texts(durationTexts)
        case .size: texts(sizeTexts)
        case .path: ["~a", "~~", "~a/b", "a\u{0}", "${HOME}/a", "${", "$A", "${A"]
        case .url:
            texts(urlTexts) + [.string("http://\(String(repeating: "a", count: 64))"), .string("http://\(longHost)"), .string("http://x\(longHost)")]
        case .host:
            texts(["a b", "a..b", ".a", "a.", ":", "::x", "[::1]", "http://a", "a:80", "ä", "a/b", "1:", "...", "127.0.0.1:8788", "::1:", "1:2:3"])
                + [.string(String(repeating: "a", count: 64)), .string(longHost), .string("x" + longHost)]
        case .name: ["A", "-a", "a_b", "a.b", "ä", "a b", .string(String(repeating: "n", count: 33)), "a\n"]
        case .httpPath: ["health", "//", "/a b", "/ä", "/a\n", "/${A}", "/\u{7F}"]
        case .secret: badReferences
        case .processors: ["", "3-1", "8192", "0-8192", "0-", "-1", "a", "1 ", "1-2-3", "00001", "1,,2", 8192, -1, ["0"]]
        case .names: [[1], [nil], ["A"], ["-a"], ["a b"], ["${A}"], [["a"]], "a"]
        case .texts: [[1], [nil], [""], ["a\u{0}"], ["${A}"], [["a"]], "a"]
        case .arguments: [[], [""], ["a", 1], ["a", nil], ["a\u{0}"], ["a", "b\u{0}"], ["${A}"], ["a", "${A}"], [["a"]], ["a", "\n"]]
        case .variables:
            [["1A": "x"], ["A-B": "x"], ["": "x"], ["A": 1], ["A": nil], ["A": true], ["A": ["x"]], ["A": [:]], ["A": "x\u{0}"], ["A": "${B}"]]
                + badReferences.map { ["A": $0] }
        case .section, .list, .named: []
        case .optional:
            ["None", "", ["http": "/", "tcp": 1], ["tcp": 1, "exec": ["a"]], ["http": "/", "exec": ["a"]], ["http": "/", "period": "5s"]]
        case .files:
            [
                [1], [""], ["/a"], ["~/a"], ["a/"], ["a", nil], ["a\u{0}"], ["."], [".."], ["../a"], ["a/.."], ["a/../b"], ["x.json"],
                .array((0...32).map { .string("f\($0)") }), .array((0..<32).map { .string("f\($0)") }), "a",
            ]
        case .members: [[], "a", nil, 1, true]
        case .anything: []
        }
    }

    private static func texts(_ values: [String]) -> [JSON] { values.map { .string($0) } }

    /// 253 bytes in labels of 63.
    private static let longHost = Array(repeating: String(repeating: "a", count: 62), count: 4).joined(separator: ".") + ".x"

    private static let durationTexts = [
        "", "5", "s", "5 ", "5x", "5S", "1m1h", "1s1s", "1h 30m", "1.s", ".5s", "1.1234567s", "1.123456s", "5  s", " 5s", "5s ", "-5s", "+5s", "5s\n",
        "1e3s",
        "1234567890123456789s", "123456789012345678d", "9223372036854775.9s", "0s", "0ms", "1000000d", "1w", "１s",
    ]
    private static let sizeTexts = [
        "", "5", "B", "5kb", "5K", "5Kib", "5PB", "5 B ", "1GiB1MiB", "1.GiB", "1.1234567GiB", "1.123456GiB", "-1B", "0B", "9999999TiB",
        "1234567890123456789B", "123456789012345678TiB", "9223372036854775.9kB", "5mb",
    ]
    private static let urlTexts = [
        "", "h", "http:/h", "http://", "ftp://h", "http://h:", "http://h:0", "http://h:65536", "http://h:1x", "http://h:-1", "http://u@h",
        "http://u:p@h/v1",
        "http://h?x", "http://h/#", "http://h/a b", "http://h/\t", "http://h/\u{7F}", "http://[::1", "http://[::1]x", "http://[]", "http://[:]",
        "http://a..b",
        "http://.a", "http://a b", "http://ä", "http://h/ä", "http://h/${A}", " http://h", "http://h ", "http://h\n", "xhttp://h", "http://http://h",
        "http://h:1:2",
    ]

    private static let badReferences: [JSON] = [
        [:], ["env": ""], ["env": "A-B"], ["env": "A B"], ["env": 1], ["env": nil], ["env": "${A}"], ["file": ""], ["file": "~a/k"], ["file": "${A}"],
        ["file": "a\u{0}"], ["credential": "."], ["credential": ".."], ["credential": "..."], ["credential": "a/b"], ["credential": ""],
        ["env": "A", "file": "b"], ["Env": "A"], ["value": "x"], ["env": ["A"]], ["env": .string(String(repeating: "A", count: 256))],
        ["credential": .string(String(repeating: "a", count: 256))], ["// x": 1],
    ]

    /// Values of every kind, for every key.
    static let any: [JSON] = [
        nil, true, false, 0, 1, -1, 8081, 1.5, .number(JSONNumber("8788.0") ?? one), .number(JSONNumber("1e3") ?? one), .integer(Int.max),
        .integer(Int.min),
        .number(JSONNumber("9223372036854775808") ?? one), .number(JSONNumber("123456789012345678901234567890") ?? one), "", " ", "x", "8788", "none",
        "${X}",
        "${X:-y}", "\u{0}", [], [nil], [1], ["x"], [:], ["x": 1], ["// x": 1], [["x": 1]], ["kind": "vllm-mlx"],
    ]
    private static let one = JSONNumber(1.5) ?? fallback
    private static let fallback: JSONNumber = { preconditionFailure("1.5 is a number") }()
}
